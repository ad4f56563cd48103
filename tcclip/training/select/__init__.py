"""Which weights a training keeps.

A kind's module has `make(settings) -> Selection`; `selection.py` says what the loop asks of one.
"""
