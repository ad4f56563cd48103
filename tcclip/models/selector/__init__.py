"""Selectors: which patches of a frame become seed tokens (paper, Eq. 5; Table 8a; methods.md 6).

A kind's module has `make(settings, count) -> Selector` for `count` seeds of a frame.
"""
