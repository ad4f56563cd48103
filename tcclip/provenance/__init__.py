"""Where results come from: Snakemake's account of its jobs beside the data, the chain of a cell, and its reproduction.

Imported when the Snakefile is parsed, so that nothing here imports torch, pandas or DVC before it is used.
"""
