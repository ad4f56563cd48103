"""Summarizers: how the seed tokens of a video become its context tokens (Table 8b; methods.md 7).

A kind's module has `make(settings, k) -> Summarizer`. Decisions are made without gradient; a context token is a mean of
seeds, with gradient. What is random comes in as `draws`, one uniform number in [0, 1) for every seed, so that nothing
here has a state.
"""
