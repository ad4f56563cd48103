"""The command line `tcclip`."""
