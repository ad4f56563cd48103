"""What tables, figures and the page print of params that no number depends on: names, descriptions, sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tcclip.plan import Plan
from tcclip.process.files import short_hash


def printed(plan: Plan, runs: Iterable[str], roles: Iterable[str], *more: Any) -> str:
    """Hash of the suite's description, of how datasets (`roles`) and the methods of `runs` are called, and of more.

    A dataset that joins the suite changes nothing where it is not shown.
    """
    methods = {name: plan.method(name) for name in {plan.run(run).method for run in runs}}
    called = {name: (method.display, method.recipe.source) for name, method in methods.items()}
    displays = {role: plan.displays.get(role) for role in roles}
    return short_hash([plan.suite.description, displays, called, plan.suite.methods, *more])
