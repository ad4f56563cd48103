"""What a suite scales of the methods in a table: a sentence that says what the printed values stand for."""

from __future__ import annotations

import operator
from typing import Any

from tcclip.params import Method, load_method
from tcclip.params.budget import factors
from tcclip.params.kinds.axis import Kind
from tcclip.plan import Plan


def scaled_values(plan: Plan, table: str) -> str:
    """ "Scaled in this suite: tc.k 0.25 times (16 is 4, 32 is 8).", for the methods of a table; empty without any."""
    scaled = factors(plan.suite.methods)
    names = {plan.run(run).method for run in plan.runs_of(table)} if scaled else set()
    methods = [(load_method(name), plan.method(name)) for name in sorted(names)]
    said = []
    for key, factor in scaled.items():
        pairs = {(_value(stated, key), _value(here, key)) for stated, here in methods}
        known = sorted((pair for pair in pairs if None not in pair), key=operator.itemgetter(0))
        if known:
            said.append(f"{key} {factor:g} times ({', '.join(f'{paper:g} is {here:g}' for paper, here in known)})")
    return f"Scaled in this suite: {'; '.join(said)}." if said else ""


def _value(method: Method, key: str) -> Any:
    """The value of a dotted key as params/ spell it, where a kind's keys stand beside its name; None without it."""
    value: Any = method
    for name in key.split("."):
        beside = (getattr(kind, name, None) for kind in vars(value).values() if isinstance(kind, Kind))
        value = getattr(value, name, None) or next((found for found in beside if found is not None), None)
        if value is None:
            return None
    return value
