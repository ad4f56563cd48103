"""What Snakemake needs: the Snakefile's helpers, the warm server of its jobs, and its locks."""
