"""The vision side: CLIP's tower, and the kinds of what a frame sees beside its own tokens (methods.md 4).

A kind's module has `make(settings, method, config, frames) -> Exchange`.
"""
