"""Which frames of a video make a clip (methods.md 1.2).

A kind's module has `make(settings) -> Sampling`, or `-> Timed` where it goes by time.
"""
