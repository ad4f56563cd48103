"""The stages of dvc.yaml, which follow the datasets of the suite in use."""

from __future__ import annotations

import json
from pathlib import Path

from tcclip.params.dataset import Own
from tcclip.plan import Plan, layout
from tcclip.process.files import write_text

FILE = Path("dvc.yaml")
CODE = ("Snakefile", "params", "requirements.lock", "snakemake_logger_plugin_tcclip", "tcclip", "workflow")


def write_stages(plan: Plan, path: Path = FILE) -> str:
    """Write dvc.yaml for a suite; returns a line about it. What DVC has in its cache of another suite stays."""
    write_text(path, stages_of(plan))
    return f"{path}: the stages of suite {plan.suite.name}, with {len(plan.datasets)} datasets"


def stages_of(plan: Plan) -> str:
    """The text of dvc.yaml for a suite: one stage for each kind of data, and the results."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    suite = plan.suite.name
    named = "" if suite == "mini" else suite  # what commands do without an option
    kinds = {
        kind: [folder(name).as_posix() for name in sorted(plan.datasets)]
        for kind, folder in (("raw", layout.raw), ("splits", layout.splits), ("frames", layout.frames))
    }
    backbone = layout.backbone(plan.suite.backbone.name).as_posix()
    template = Environment(
        loader=PackageLoader("tcclip.provenance"), undefined=StrictUndefined, keep_trailing_newline=True
    ).get_template("dvc.yaml.j2")
    return template.render(
        suite=suite,
        named=named,
        stages=[
            ("data", "videos", [], kinds["raw"]),
            ("splits", "splits texts", [json.dumps(path, ensure_ascii=False) for path in given(plan)], kinds["splits"]),
            ("frames", "frames", [], kinds["frames"]),
            ("backbone", "backbone tokens pseudo_labels", [], [backbone]),
        ],
        needed=sorted([*CODE, backbone, *(path for paths in kinds.values() for path in paths)]),
    )


def given(plan: Plan) -> list[str]:
    """What people write about datasets of their own, besides params/: lists of videos and of names, and texts.

    No other stage follows it: a stage that DVC skips is one that Snakemake is not asked about.
    """
    found: list[Path] = []
    for dataset in (dataset for dataset in plan.datasets.values() if isinstance(dataset, Own)):
        texts = layout.given_texts(dataset.name)
        found += [path for path in (dataset.list_path, dataset.names_path) if path]
        found += [texts] if texts.is_dir() else []
    return sorted({path.as_posix() for path in found})
