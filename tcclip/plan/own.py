"""Datasets of one's own in the plan: each joins the suite that its file names, with a table of its own."""

from __future__ import annotations

import re
from collections.abc import Collection

from tcclip.errors import UserError, unknown
from tcclip.params import Suite, Table, load_dataset, load_method
from tcclip.params.column import Column, MeasuredColumn
from tcclip.params.dataset import OWN, Own, is_own
from tcclip.params.reader import merge, names, path_of, read_yaml, validate
from tcclip.params.table import Row

# fmt: off
# The rules of the Snakefile by name, which are its targets; one's own dataset is a target, too.
TARGETS = {
    "backbone", "bench", "claims", "download", "evaluate", "figure", "figures", "first_look", "frames",
    "frames_index", "load_runs", "mlflow", "mlflow_store", "pseudo_labels", "raw", "report", "scan", "shard",
    "splits", "table", "tables", "texts", "tokens", "train", "trainings", "unpack", "verdicts", "videos",
}
# fmt: on
PRETRAINED_ON = "k400"  # the role whose zero-shot runs are tested on one's own classes


def own_datasets(suite: Suite) -> list[Own]:
    """The datasets of format csv that join `suite`, by name; UserError when one's name means something else already."""
    found: list[Own] = []
    default = read_yaml(path_of("datasets", OWN)) if any(map(_is_own, names("datasets"))) else {}
    for name in filter(_is_own, names("datasets")):
        joins = merge(default, read_yaml(path_of("datasets", name))).get("suite")
        if joins not in names("suites"):
            raise unknown(f"suite in {path_of('datasets', name)}:", str(joins), names("suites"))
        if joins == suite.name:
            _check_name(suite, name)
            dataset = load_dataset(name)
            assert isinstance(dataset, Own)  # or it is refused
            for protocol in dataset.protocols:
                path_of("protocols", protocol)  # a budget for a protocol that does not exist is a mistake
            found.append(dataset)
    return found


def with_own(suite: Suite, own: list[Own]) -> Suite:
    """The suite with datasets of one's own, each in a role that has its name."""
    return suite.model_copy(update={"datasets": suite.datasets | {dataset.name: dataset.name for dataset in own}})


def own_table(suite: Suite, dataset: Own) -> Table:
    """The table of a dataset of one's own: zero-shot after training on K-400, and few-shot for each of its K."""
    shots = dataset.few_shot.shots if dataset.few_shot else []
    columns: list[Column] = [
        MeasuredColumn(name=f"k{k}", dataset=dataset.name, shots=k, splits=["test1"]) for k in shots
    ]
    if PRETRAINED_ON in suite.datasets:
        columns.insert(
            0,
            MeasuredColumn(
                name="zero_shot",
                display="Zero-shot",
                dataset=dataset.name,
                splits=["test1"],
                protocol="zero_shot",
                train_dataset=PRETRAINED_ON,
            ),
        )
    rows = [Row(row=load_method(method).display, method=method) for method in dataset.methods]
    title = f"{dataset.description} ({dataset.name})"
    made = {"name": dataset.name, "title": title, "protocol": "few_shot", "columns": columns, "rows": rows}
    return validate(made, Table, path_of("datasets", dataset.name))


def _is_own(name: str) -> bool:
    return is_own(read_yaml(path_of("datasets", name)))


def _check_name(suite: Suite, name: str) -> None:
    where = path_of("datasets", name)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UserError(f"{where}: '{name}' cannot be a dataset's name: use small letters, digits and _ only")
    kinds: dict[str, Collection[str]] = {
        f"a dataset of suite {suite.name}": suite.datasets,
        f"a table of suite {suite.name}": suite.tables,
        "a target of snakemake": TARGETS,
    }
    for kind, taken in kinds.items():
        if name in taken:
            raise UserError(f"{where}: '{name}' is {kind} already: give the file another name")
