"""The runs of the plan: which training a cell needs, by what name, on which split and from which weights."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from tcclip.errors import UserError, unknown
from tcclip.params import Method, Protocol, Suite, load_dataset
from tcclip.params.column import MeasuredColumn
from tcclip.params.variants import place_of
from tcclip.plan.values import method_of, protocol_of

BASE = "base"  # the class list of a training that leaves classes out
SEED = re.compile(r"-s(\d+)$")  # how the name of a trained run ends
OF_SEED = "protocol.seed"  # the value on a command line that gives a run another seed
UNTRAINED = "untrained-"  # how the name of an untrained method's run begins


@dataclass(frozen=True)
class Changed:
    """What makes a run another one than that of the plan: values given on the command line."""

    run: str  # of the plan
    values: dict[str, str]  # by key
    trained: bool  # its weights are others too; else only its evaluations differ, and its weights are those of `run`

    @property
    def arguments(self) -> str:
        """The run on a command line."""
        return " ".join([self.run, *(f"--set {shlex.quote(f'{key}={value}')}" for key, value in self.values.items())])


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
    changed: Changed | None = field(default=None, compare=False)  # the name says it

    @property
    def trained(self) -> bool:
        """Whether the run has weights of its own."""
        return self.role is not None

    @property
    def apart_from_seed(self) -> str:
        """The name without the seed: runs that differ in nothing else have it in common."""
        name = self.changed.run if self.changed else self.name
        values = {k: v for k, v in self.changed.values.items() if k != OF_SEED} if self.changed else {}
        return "+".join([SEED.sub("", name), *(f"{key}={value}" for key, value in values.items())])

    @property
    def arguments(self) -> str:
        """The run on a command line, after `tcclip train`."""
        return self.changed.arguments if self.changed else self.name

    @property
    def weights_of(self) -> str:
        """The run whose folder has the weights."""
        return self.changed.run if self.changed and not self.changed.trained else self.name


def run_for(
    suite: Suite,
    method: Method,
    protocol: Protocol,
    role: str,
    shots: int | None = None,
    fold: int | None = None,
    *,
    seed: int,
) -> Run:
    """The run that a cell needs; methods without training have one run for everything.

    A run that starts from another one starts from that of its own seed: then all that is drawn for it is drawn anew.
    """
    if not method.train:
        return Run(UNTRAINED + method.name, protocol.name, method.name, None, None, None, None)
    number = f"k{shots}" if shots else f"f{fold}" if fold else ""
    parts = [protocol.name, role, number, method.name, f"s{seed}"]
    name = "-".join(part for part in parts if part)
    init = _initial(suite, method, protocol, role, seed)
    return Run(name, protocol.name, method.name, role, shots, fold, seed, init)


def seeds_of(suite: Suite, table: str, method: Method, protocol: Protocol, role: str) -> list[int]:
    """The seeds of a method's trainings by a protocol on the paper's dataset `role` for a table: one run for each."""
    if given := suite.seeds_for(table, protocol.name, method.name):
        return given
    dataset = load_dataset(suite.dataset(role))
    if "seeds" in dataset.budget(protocol.name):  # one of one's own
        return protocol_of(suite, protocol.name, method, dataset).seeds
    return protocol.seeds


def _initial(suite: Suite, method: Method, protocol: Protocol, role: str, seed: int) -> Run | None:
    """The run that trainings of a method start from, if it is not CLIP."""
    if method.init == "clip":
        return None
    if protocol.only_from_clip:
        raise UserError(
            f"{place_of(method.name)}: init must be clip in protocol {protocol.name}, whose novel classes "
            "other weights may have seen: take the method off its tables, or ask for it in its row with "
            f"`set: {{protocols.{protocol.name}.only_from_clip: false}}` and a name of your own (`as:`)"
        )
    init = method.init
    if init.dataset == role and load_dataset(suite.dataset(role)).class_list(protocol.train_split) == BASE:
        raise UserError(
            f"{place_of(method.name)}: a training on {init.dataset} has seen the novel classes of {role}: name the "
            f"method in a table without columns of {role}"
        )
    start = method_of(suite, init.method)
    first = protocol_of(suite, init.protocol, start)
    if first.shots and init.shots not in first.shots:
        raise unknown(f"init.shots of method {method.name}", str(init.shots), [str(k) for k in first.shots])
    suite.dataset(init.dataset)
    return run_for(suite, start, first, init.dataset, init.shots, seed=seed)


def train_split(protocol: Protocol, shots: int | None, fold: int | None) -> str:
    """The name of the split a run is trained on."""
    return protocol.train_split.format(shots=shots, fold=fold)


def trainings(column: MeasuredColumn, protocol: Protocol) -> list[tuple[int | None, int | None]]:
    """(shots, fold) of the runs behind a cell of a measured column."""
    folds = range(1, protocol.folds + 1) if protocol.folds else [None]
    return [(shots, fold) for shots in column.trainings for fold in folds]


def with_initial(run: Run) -> list[tuple[str, Run]]:
    """A run and those that it starts from, by name."""
    return [(run.name, run), *(with_initial(run.init) if run.init else [])]
