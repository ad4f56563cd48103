"""What tables, figures and the page print of params that no number depends on: names, descriptions, sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tcclip.plan import Plan
from tcclip.process.files import short_hash


def printed(plan: Plan, runs: Iterable[str], *more: Any) -> str:
    """Hash of the suite's description, of how its datasets and the methods of `runs` are called, and of more."""
    methods = {name: plan.method(name) for name in {plan.run(run).method for run in runs}}
    called = {name: (method.display, method.recipe.source) for name, method in methods.items()}
    return short_hash([plan.suite.description, plan.displays, called, plan.suite.methods, *more])
