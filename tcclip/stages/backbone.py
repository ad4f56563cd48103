"""CLIP's weights as files, so that no later job needs open_clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tcclip.params.reader import flat
from tcclip.plan import Plan, layout, load_plan
from tcclip.process.console import stage
from tcclip.process.options import Log, SuiteName
from tcclip.stages import fingerprint

CODE = ("tcclip.backbone.from_open_clip",)
PRETRAINING = ("tcclip.backbone.pretraining",)  # of the mini suite's CLIP

app = typer.Typer()


def inputs(plan: Plan) -> list[Path]:
    """The suite's own weights file, where there is one; of a tag of open_clip's there is none."""
    given = plan.suite.backbone.pretrained
    return [Path(given)] if given and Path(given).is_file() else []


def outputs(plan: Plan) -> list[Path]:
    """The weights, and the sizes of the model."""
    return [weights(plan), layout.backbone(plan.suite.backbone.name) / "backbone.json"]


def weights(plan: Plan) -> Path:
    """CLIP's weights."""
    return layout.backbone(plan.suite.backbone.name) / "weights.safetensors"


def settings(plan: Plan) -> dict[str, Any]:
    """Weights depend on the architecture and on where they come from; a file of one's own on what is in it."""
    return flat(plan.suite.backbone.model_dump()) | fingerprint.given(inputs(plan))


def code(plan: Plan) -> str:
    """Fingerprint of the code that makes the weights: pre-training, or the conversion of open_clip's."""
    return fingerprint.code(*(PRETRAINING if plan.suite.backbone.pretraining else CODE))


@app.command()
def backbone(suite: SuiteName = "mini", log: Log = None) -> None:
    """Write CLIP's weights: pre-trained here (mini) or from open_clip (paper)."""
    with stage("CLIP weights", log) as report:
        of_suite = load_plan(suite).suite.backbone
        if of_suite.pretraining:
            from tcclip.backbone.pretraining.pretrain import pretrain as make
        else:
            from tcclip.backbone.from_open_clip import convert as make
        report(make(of_suite, layout.backbone(of_suite.name)))
