"""The stages of dvc.yaml, which follow the datasets of the suite in use."""

from __future__ import annotations

from pathlib import Path

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
            ("data", "videos", kinds["raw"]),
            ("splits", "splits texts", kinds["splits"]),
            ("frames", "frames", kinds["frames"]),
            ("backbone", "backbone tokens pseudo_labels", [backbone]),
        ],
        needed=sorted([*CODE, backbone, *(path for paths in kinds.values() for path in paths)]),
    )
