"""The token ids of every text the suite needs, so that no later job needs open_clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tcclip.params import Method
from tcclip.params.reader import flat
from tcclip.params.texts import OF_VIDEOS
from tcclip.plan import Plan, layout, load_plan
from tcclip.plan.texts import kinds_needed
from tcclip.process.console import stage
from tcclip.process.options import Log, SuiteName
from tcclip.stages import fingerprint, splits, texts
from tcclip.stages.depends import require

if TYPE_CHECKING:
    from tcclip.backbone.class_tokens import ClassList

CODE = ("tcclip.backbone.class_tokens",)

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """Every class list of the suite, and the texts from outside."""
    return splits.class_files(plan) + texts.files(plan)


def outputs(plan: Plan) -> list[Path]:
    """One file for all texts."""
    return [layout.backbone(plan.suite.backbone.name) / "tokens.json"]


def settings(plan: Plan) -> dict[str, Any]:
    """Token ids depend on how the suite's methods write and wrap names."""
    methods = {name: plan.method(name) for name in plan.methods}
    return flat({name: _wording(method) for name, method in methods.items()})


def _wording(method: Method) -> dict[str, Any]:
    """How a method writes its texts; of its objective where that has texts of its own."""
    beside = {"objective": method.recipe.objective.model_dump()} if method.recipe.objective.outside else {}
    return {"names": method.names.model_dump(), "text": method.text.model_dump(), **beside}


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command()
def tokens(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write the token ids of every class name as each method of the suite writes it."""
    with stage("token ids of all class names", log) as report:
        from tcclip.backbone.class_tokens import write_tokens

        plan = load_plan(suite)
        require(inputs(plan), f"snakemake tokens --config suite={suite}")
        report(write_tokens(_lists(plan), [plan.method(name) for name in plan.methods], *outputs(plan)))


def _lists(plan: Plan) -> list[ClassList]:
    """The class lists of the suite, with the texts from outside that its runs need."""
    from tcclip.backbone.class_tokens import ClassList
    from tcclip.data.splits.split_tables import read_classes
    from tcclip.data.texts.checked_texts import read_texts

    kinds, found = kinds_needed(plan), []
    for name, dataset in plan.datasets.items():
        wanted = set(kinds.get(name, []))
        for class_list in dataset.all_class_lists:
            checked = read_texts({kind: layout.texts(name, kind, class_list) for kind in wanted})
            wanted -= {OF_VIDEOS}  # one file, of all videos
            found.append(ClassList(read_classes(layout.classes(name, class_list)), checked))
    return found
