"""The values that a suite's runs are made with: of files, of budgets over them, and what a person changes over both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tcclip.params import Dataset, Method, Protocol, Suite, load_method, load_protocol
from tcclip.params.budget import SuiteBudget
from tcclip.params.exceptions import exceptions_for, own_values
from tcclip.params.reader import path_of, undotted
from tcclip.params.variants import place_of


@dataclass(frozen=True)
class Changes:
    """Values that a person changes on the command line (--set), by dotted keys."""

    method: Mapping[str, Any] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)

    def of(self, method: Method) -> dict[str, Any]:
        """Those that a method has a place for: without the section tc there is no tc.k to change."""
        return {key: value for key, value in self.method.items() if getattr(method, key.partition(".")[0]) is not None}


def method_of(suite: Suite, name: str, changes: Mapping[str, Any] | None = None) -> Method:
    """A method with the suite's values put over its own, and `changes` over both."""
    budget = SuiteBudget(suite.methods, f"{path_of('suites', suite.name)}: methods")
    return load_method(name, dict(changes or {}), *([budget] if suite.methods else []))


def protocol_of(
    suite: Suite,
    name: str,
    method: Method | None = None,
    dataset: Dataset | None = None,
    changes: Mapping[str, Any] | None = None,
    role: str | None = None,
    shots: int | None = None,
) -> Protocol:
    """A protocol with a method's values, over them the suite's budgets, a dataset's of one's own, and `changes`.

    role, shots: of a training on the paper's dataset `role`, for which the method may have values of its own.
    """
    layers = []
    if method and name in method.protocols:
        own, where = method.protocols[name], f"{place_of(method.name)}: protocols.{name}"
        layers.append(SuiteBudget(own_values(own), where))
        special = exceptions_for(own, role, shots)
        layers += [SuiteBudget(values, f"{where}.exceptions[{number}]") for number, values in special.items()]
    if name in suite.protocols:
        layers.append(SuiteBudget(suite.protocols[name], f"{path_of('suites', suite.name)}: protocols.{name}"))
    if dataset and (budget := dataset.budget(name)):
        layers.append(SuiteBudget(budget, f"{path_of('datasets', dataset.name)}: protocols.{name}"))
    if changes:
        layers.append(SuiteBudget(_as_in_a_file(undotted(dict(changes))), "--set"))
    return load_protocol(name, *layers)


def _as_in_a_file(changes: dict[str, Any]) -> dict[str, Any]:
    """A run has one seed, where a protocol lists those of several runs."""
    rest = {key: value for key, value in changes.items() if key != "seed"}
    return {**rest, "seeds": [changes["seed"]]} if "seed" in changes else rest
