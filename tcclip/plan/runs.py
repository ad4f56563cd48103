"""The runs of the plan: which training a cell needs, by what name, on which split and from which weights."""

from __future__ import annotations

from dataclasses import dataclass

from tcclip.errors import UserError, unknown
from tcclip.params import Dataset, Method, Protocol, Suite, load_method, load_protocol
from tcclip.params.reader import merge, path_of
from tcclip.params.table import Column


@dataclass(frozen=True)
class Run:
    """One training, or an untrained method (then `role`, `shots`, `fold` and `seed` are None)."""

    name: str
    protocol: str
    method: str
    role: str | None  # the paper's dataset it is trained on
    shots: int | None
    fold: int | None  # of a protocol with folds, from 1
    seed: int | None
    init: Run | None = None  # the run whose weights it starts from; None: CLIP's

    @property
    def trained(self) -> bool:
        """Whether the run has weights of its own."""
        return self.role is not None


def method_of(suite: Suite, name: str) -> Method:
    """A method with the suite's recipe put over its own."""
    changes = {"recipe": suite.recipe} if suite.recipe else None
    return load_method(name, changes, str(path_of("suites", suite.name)))


def run_for(
    suite: Suite, method: Method, protocol: Protocol, role: str, shots: int | None = None, fold: int | None = None
) -> Run:
    """The run that a cell needs; methods without training have one run for everything."""
    if not method.train:
        return Run(f"untrained-{method.name}", protocol.name, method.name, None, None, None, None)
    number = f"k{shots}" if shots else f"f{fold}" if fold else ""
    parts = [protocol.name, role, number, method.name, f"s{protocol.seed}"]
    name = "-".join(part for part in parts if part)
    return Run(name, protocol.name, method.name, role, shots, fold, protocol.seed, _initial(suite, method, protocol))


def _initial(suite: Suite, method: Method, protocol: Protocol) -> Run | None:
    """The run that trainings of a method start from, if it is not CLIP."""
    if method.init == "clip":
        return None
    if protocol.only_from_clip:
        raise UserError(
            f"params/methods/{method.name}.yaml: init must be clip in protocol {protocol.name}, whose novel classes "
            "other weights may have seen: take the method off its tables or set only_from_clip: false"
        )
    init = method.init
    first = protocol_of(suite, init.protocol)
    if first.shots and init.shots not in first.shots:
        raise unknown(f"init.shots of method {method.name}", str(init.shots), [str(k) for k in first.shots])
    suite.dataset(init.dataset)
    return run_for(suite, method_of(suite, init.method), first, init.dataset, init.shots)


def protocol_of(suite: Suite, name: str, dataset: Dataset | None = None) -> Protocol:
    """A protocol with the suite's budgets, and over them those of a dataset of one's own that is trained on."""
    changes = suite.protocols.get(name, {})
    if dataset and name in dataset.protocols:
        changes = merge(changes, dataset.protocols[name])
        return load_protocol(name, changes, f"{path_of('datasets', dataset.name)}: protocols.{name}")
    return load_protocol(name, changes, str(path_of("suites", suite.name)))


def train_split(protocol: Protocol, shots: int | None, fold: int | None) -> str:
    """The name of the split a run is trained on."""
    return protocol.train_split.format(shots=shots, fold=fold)


def trainings(column: Column, protocol: Protocol) -> list[tuple[int | None, int | None]]:
    """(shots, fold) of the runs behind a cell of a measured column."""
    folds = range(1, protocol.folds + 1) if protocol.folds else [None]
    return [(shots, fold) for shots in column.trainings for fold in folds]
