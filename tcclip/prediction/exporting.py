"""A folder with all that a model needs, which is used without a checkout, and a card that says what it is.

| file | content |
|---|---|
| weights.safetensors | all weights by canonical name, CLIP's token table among them |
| config.json | method, sizes, frames, views, and how videos are read |
| classes.csv, texts.json | the training's classes, and their texts from outside, where there are some |
| tokens.json | token ids of the classes' texts |
| README.md | the card |
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from safetensors.torch import save_file

from tcclip.errors import UserError
from tcclip.models.build import canonical_state
from tcclip.models.class_texts import class_prompts
from tcclip.models.tokens import known_tokens
from tcclip.params import Dataset, Suite
from tcclip.params.architecture import BackboneConfig
from tcclip.params.dataset import Generated, Release
from tcclip.params.texts import NONE
from tcclip.plan.run_results import evaluations_of
from tcclip.prediction.exported import ANY, CLASSES, CONFIG, FORMAT, USED
from tcclip.prediction.source import Classes, Source
from tcclip.process.files import atomic, write_csv, write_json, write_text
from tcclip.process.folders import new_folder
from tcclip.reporting.run_origin import environment_of
from tcclip.stages.subjects import FoundRun


@dataclass(frozen=True)
class Facts:
    """What a card says of a run beside what the model itself knows."""

    suite: str
    architecture: BackboneConfig
    backbone: str  # name of CLIP's weights
    protocol: str
    shots: str  # " with 16 videos of each class", or nothing
    dataset: str | None  # that it is trained on; None: an untrained method
    licence: str | None  # of that dataset
    generated: bool  # whether that dataset is generated
    we: bool
    evaluations: dict[str, Any] = field(default_factory=dict)  # of metrics.json
    git: dict[str, Any] | None = None  # the commit that trained it
    own_clip: bool = False  # whether CLIP's weights were made by the program too, from generated videos


def facts_of_run(suite: Suite, found: FoundRun, dataset: Dataset | None, we: bool) -> Facts:
    """The facts of a run of a suite."""
    folder, split = found.subject.folder, found.split or ""
    sources = dataset.sources if isinstance(dataset, Release) else None
    return Facts(
        suite=suite.name,
        architecture=suite.backbone.architecture,
        backbone=suite.backbone.name,
        protocol=found.protocol.name,
        shots=f" with {split.removeprefix('few_shot_k')} videos of each class" if "few_shot_k" in split else "",
        dataset=f"{dataset.description} ({dataset.name}, split {split})" if dataset else None,
        licence=sources.licence if sources else None,
        generated=isinstance(dataset, Generated),
        we=we,
        evaluations={name: values for name, values in evaluations_of(folder).items() if values["we"] == we},
        git=environment_of(folder).get("git"),
        own_clip=suite.backbone.pretraining is not None,
    )


def export(source: Source, folder: Path) -> str:
    """Write `folder`, which must be new or empty, as a whole or not at all; returns a line about it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already and not empty: name a new folder")
    if folder.resolve() == Path.cwd():
        raise UserError(f"{folder} is the folder that this is called in: name a new one")
    subject, facts = source.subject, source.facts()
    classes = source.own_or_none()
    model = source.build(classes.names, classes.texts) if classes else source.build(ANY, NONE)
    with new_folder(folder) as new:
        with atomic(new / "weights.safetensors") as part:
            state = canonical_state(model, trained_only=False)
            save_file({name: value.contiguous() for name, value in state.items()}, part)
        if classes:
            write_csv(new / CLASSES, ("label", "name"), enumerate(classes.names))
            prompts = class_prompts(subject.method, classes.names, classes.texts)
            write_json(new / "tokens.json", known_tokens(prompts, source.tokens))
        if classes and classes.texts:
            write_json(new / "texts.json", {kind: dict(strings) for kind, strings in classes.texts.items()})
        write_json(new / CONFIG, _config(source, facts))
        write_text(new / "README.md", _card(source, facts, classes))
    size = (folder / "weights.safetensors").stat().st_size / 1e6
    command = f"tcclip predict {shlex.quote(str(folder))} VIDEO"
    return f"{folder}: {size:.1f} MB of weights, used by `{command}` and `tcclip.load`"


def _config(source: Source, facts: Facts) -> dict[str, Any]:
    import tcclip

    subject = source.subject
    return {
        "format": FORMAT,
        "tcclip": tcclip.__version__,
        "name": subject.name,
        "weights": f"ensemble with CLIP, w = {subject.method.we.w:g}" if facts.we else "as trained",
        "architecture": asdict(facts.architecture),
        "frames": subject.frames,  # of a view
        "seed": subject.seed,  # of what is random in views
        "views": source.views.model_dump(),
        "method": subject.method.model_dump(mode="json"),
        "machine": subject.machine.model_dump(include=USED),
        "videos": source.reading.frames.model_dump(),
        "identity": source.reading.fmt,
    }


def _card(source: Source, facts: Facts, classes: Classes | None) -> str:
    loader = PackageLoader("tcclip.prediction", "templates")
    rules = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = rules.get_template("card.md")
    return template.render(
        subject=source.subject, method=source.subject.method, views=source.views, facts=facts, classes=classes
    )
