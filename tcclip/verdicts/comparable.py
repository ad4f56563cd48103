"""Why a measured cell cannot be compared with its printed number: the first reason that applies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tcclip.params import Method, Protocol, Suite, load_method
from tcclip.params.column import TIMED
from tcclip.params.dataset import Generated, Own
from tcclip.params.suite import papers_backbone
from tcclip.params.table import Row as TableRow
from tcclip.params.verdicts import Rule
from tcclip.plan import Cell, Evaluation, Plan, Run, texts
from tcclip.plan.cells import Counted, Row, Shown, rows_of
from tcclip.plan.evaluation import Results
from tcclip.plan.runs import with_initial
from tcclip.plan.values import protocol_of

OWN_PAPER = "its own paper"  # `printed` of a row whose numbers the paper has taken from the system's authors
COMMON = "-common"  # how the name of a method ends that has the paper's common recipe instead of its own
OF_BACKBONE = ("open_clip", "pretrained", "architecture")  # keys of a suite's backbone
OF_FRAMES = ("frames", "views")  # keys of a protocol
OF_COSTS = ("train", "vision", "tc", "pos", "pool", "text", "look", "score")  # keys of a method
NOT_IN_NUMBERS = ("name", "description", "display", "test_last", "seed")


@dataclass(frozen=True)
class Reasons:
    """The reasons against the cells of a table."""

    plan: Plan
    table: str
    results: Results
    rule: Rule
    runs: dict[str, str] = field(default_factory=dict)  # run -> the reason against its training, once it was asked for

    def against(self, cell: Cell) -> str:
        """The reason against a cell; empty where it can be compared."""
        if isinstance(cell.content, Counted) and cell.content.cost in TIMED:
            return "another machine"
        of_model = self._cost(cell.content) if isinstance(cell.content, Counted) else ""
        return self._backbone or of_model or next(self._all(cell), "")

    def _all(self, cell: Cell) -> Iterator[str]:
        evaluations = [e for part in cell.parts(self._rows[cell.group, cell.row]).values() for e in part.evaluations]
        row = self._row(cell)
        yield from filter(None, (self._test_set(evaluation, row) for evaluation in evaluations))
        yield from filter(None, (self._training(evaluation.run) for evaluation in evaluations))
        yield from filter(None, (self._texts(evaluation) for evaluation in evaluations))
        if row:
            yield from filter(None, (self._recipe_of_row(row, evaluation) for evaluation in evaluations))

    @cached_property
    def _backbone(self) -> str:
        """Where the suite begins with other weights, or sizes, than the suite `paper`."""
        papers = papers_backbone()
        if papers is None:
            return ""
        ours, theirs = ({key: of.model_dump()[key] for key in OF_BACKBONE} for of in (self.plan.suite.backbone, papers))
        return next((f"another backbone: {said}" for _, said in _differences(ours, theirs)), "")

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], Row]:
        return rows_of(self.plan.cells[self.table])

    def _cost(self, counted: Counted) -> str:
        """What the suite sets otherwise than the files, as far as a model's costs depend on it."""
        name, protocol = counted.method, self.plan.table(self.table).protocol
        ours, theirs = self.plan.method(name), load_method(name)
        here, there = (protocol_of(s, protocol, m).frames for s, m in ((self.plan.suite, ours), (self._files, theirs)))
        if here != there:
            return f"other frames: frames {here} instead of {there}"
        differs = _differences(ours.model_dump(), theirs.model_dump())
        mine = (said for key, said in differs if any(f"{key}.".startswith(f"{of}.") for of in OF_COSTS))
        return next((f"another recipe: {said}" for said in mine), "")

    @cached_property
    def _files(self) -> Suite:
        """The suite without what it puts over protocols and methods."""
        return self.plan.suite.model_copy(update={"protocols": {}, "methods": {}})

    def _test_set(self, evaluation: Evaluation, row: TableRow | None) -> str:
        dataset, split = self.plan.dataset(evaluation.role), evaluation.split
        printed_on = row.printed_on.get(evaluation.role) if row else None
        if isinstance(dataset, Generated):
            return f"generated data: {dataset.name}"
        if printed_on and dataset.name != printed_on:
            return f"another test set: {dataset.name}, where the number is of {printed_on}"
        if isinstance(dataset, Own) or dataset.name not in (evaluation.role, printed_on):
            return f"another test set: {dataset.name}"
        ours = split not in dataset.splits or dataset.zero_shot_from is not None
        if dataset.published and dataset.lists == "official" and ours:
            return f"another test set: our list of {dataset.name} {split}"
        if dataset.frames.resize != "plain":
            return f"other frames: resize {dataset.frames.resize} in {dataset.name}"
        part = self.results.get(evaluation.run, {}).get(evaluation.name, {})
        found, listed = part.get("n_videos", 0), part.get("listed", 0)
        if 100 * found < self.rule.coverage * listed:
            return f"coverage below {self.rule.coverage:g} %: {dataset.name} {split}, {found:,} of {listed:,} videos"
        return ""

    def _training(self, name: str) -> str:
        if name not in self.runs:
            self.runs[name] = self._of_run(self.plan.run(name))
        return self.runs[name]

    def _of_run(self, run: Run) -> str:
        chain = [each for _, each in with_initial(run)]
        for each in chain:
            dataset = self.plan.dataset(each.role) if each.role else None
            if isinstance(dataset, Generated | Own) or (dataset and dataset.name != each.role):
                return f"another training set: {dataset.name}"
            if dataset and dataset.drawn(self.plan.train_split(each)):
                return f"own draws: {dataset.name} {self.plan.train_split(each)}"
        return next(filter(None, map(self._changed, chain)), "")

    def _changed(self, run: Run) -> str:
        """What the suite, or a person, has set otherwise than the files of protocols and methods."""
        suite, changes = self.plan.suite, self.plan.changes
        if not (suite.methods or suite.protocols.get(run.protocol) or changes.method or changes.protocol):
            return ""
        method = load_method(run.method)
        protocol = protocol_of(self._files, run.protocol, method, role=run.role, shots=run.shots)
        differs = dict(_differences(self.plan.protocol_for(run).model_dump(), protocol.model_dump()))
        idle = idle_keys(method, protocol)
        differs = {key: said for key, said in differs.items() if key.partition(".")[0] not in idle}
        differs |= dict(_differences(self.plan.method(run.method).model_dump(), method.model_dump()))
        frames = {key: said for key, said in differs.items() if key.partition(".")[0] in OF_FRAMES}
        for kind, found in (("other frames", frames), ("another recipe", differs)):
            if found:
                return f"{kind}: {next(iter(found.values()))}"
        return ""

    def _texts(self, evaluation: Evaluation) -> str:
        run = self.plan.run(evaluation.run)
        method = self.plan.method(run.method)
        asked = [(self.plan.dataset(evaluation.role), evaluation.split, method.outside)]
        if run.role:
            asked.append((self.plan.dataset(run.role), self.plan.train_split(run), method.outside_of_training))
        for dataset, split, kinds in asked:
            for kind in kinds:
                if not texts.source(dataset, kind, dataset.class_list(split)).fetched:
                    return f"other names or texts: {kind} of {dataset.name} are your own"
        return ""

    def _recipe_of_row(self, row: TableRow, evaluation: Evaluation) -> str:
        """A system's own numbers are of its own recipe, those that the paper has measured of the common one.

        Those that it has from the re-run of a third paper, of what is not trained too, are not of the latter.
        """
        run = self.plan.run(evaluation.run)
        source = self.plan.method(run.method).recipe.source
        common = load_method("vifi_clip").recipe.source
        if row.printed == OWN_PAPER and run.method.endswith(COMMON):
            return f"another recipe: {source}, where the number is of {row.row}'s own paper"
        if row.printed not in (None, OWN_PAPER) and source == common:
            return f"another recipe: {source}, where the number is of {row.printed}"
        if row.printed is None and run.trained and source != common:
            return f"another recipe: {source}, where the number is of {common}"
        return ""

    def _row(self, cell: Cell) -> TableRow | None:
        """The row that a cell's number is printed of: of a cell that another table shows, the one of the name there."""
        if isinstance(cell.content, Shown):
            there = cell.content.others[cell.content.column]
            rows = self.plan.table(there.table).rows
            return next((row for row in rows if (row.row, row.method_name) == (there.row, there.method)), None)
        rows = self.plan.table(self.table).rows
        return next((row for row in rows if (row.group, row.row) == (cell.group, cell.row)), None)


def idle_keys(method: Method, protocol: Protocol) -> list[str]:
    """The keys of a protocol that move no number of a method's runs."""
    objective = method.recipe.objective.model_dump()
    mixed = (objective.get("mixup") or {}).get("prob", 0) > 0
    idle = [] if mixed or objective["kind"] == "mil_nce" else ["micro_batch"]  # only what is in memory at a time
    return idle if protocol.validates and protocol.select.kind == "best" else [*idle, "validation"]


def _differences(here: Mapping[str, Any], there: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key -> what it says here and there, for the values that differ."""
    for key in dict.fromkeys([*here, *there]):
        one, other, name = here.get(key), there.get(key), f"{before}{key}"
        if key in NOT_IN_NUMBERS or one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{name}.")
        else:
            yield name, f"{name} {one} instead of {other}"
