"""How a job runs on a machine: files, locks, progress, the console, processes, devices, random numbers."""
