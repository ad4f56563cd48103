"""What a training minimises (methods.md 1.4).

A kind's module has `make(settings, learner) -> Objective`; `objective.py` says what the loop asks of one.
"""
