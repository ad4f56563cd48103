"""Class names rephrased by a language model, beside the plain ones: a suite's `llm_names` asks for them."""

from __future__ import annotations

import json
from pathlib import Path

from tcclip.data.splits.split_tables import read_classes
from tcclip.data.splits.write import write_table
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset
from tcclip.plan.layout import rephrased


def write_llm_names(dataset: Dataset, folder: Path, out: Path) -> str:
    """Write `out`/classes/<list>-llm.csv for every class list that has rephrased names in `folder`; says how many."""
    for class_list, file in dataset.llm_names.items():
        names = read_llm_names(folder / "llm" / file)
        plain = read_classes(out / "classes" / f"{class_list}.csv")
        if len(names) != len(plain):
            raise UserError(
                f"params/datasets/{dataset.name}.yaml: llm_names: {file} has {len(names)} rephrased names, and class "
                f"list {class_list} has {len(plain)} classes"
            )
        write_table(out / "classes" / f"{rephrased(class_list)}.csv", ("label", "name"), enumerate(names))
    return f"{len(dataset.llm_names)} class lists"


def read_llm_names(path: Path) -> list[str]:
    """The names of an object {label: name}, in label order."""
    names = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(names, dict) or sorted(names, key=int) != [str(label) for label in range(len(names))]:
        raise UserError(f"{path}: expected an object of names by label, 0 to the number of classes less one")
    return [names[str(label)] for label in range(len(names))]
