"""Formats of official lists: a module for each, found by the name that `format` of a dataset's file says."""
