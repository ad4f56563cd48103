"""Measured cells beside the paper's printed numbers: reproduced, lower, higher, or not comparable and why."""
