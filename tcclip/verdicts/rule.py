"""The one rule by which a measured number is judged (params/verdicts.yaml)."""

from __future__ import annotations

from tcclip.params.verdicts import HIGHER, LOWER, REPRODUCED, Rule, Word


def of_accuracy(low: float, high: float, printed: float, deviation: float | None, rule: Rule) -> Word:
    """The verdict of a cell with an interval, in percent; `deviation` is None where none is printed."""
    slack = rule.rounding + rule.deviations * (deviation or 0)
    return _word(low - slack, high + slack, printed)


def of_count(value: float, printed: float, rule: Rule) -> Word:
    """The verdict of a number that is counted and has no interval, in its own unit."""
    slack = max(rule.rounding, rule.counted / 100 * abs(printed))
    return _word(value - slack, value + slack, printed)


def _word(low: float, high: float, printed: float) -> Word:
    return LOWER if high < printed else HIGHER if low > printed else REPRODUCED
