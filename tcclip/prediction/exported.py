"""A folder that `tcclip export` wrote, as the source of a model: nothing but the folder is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn

from torch import Tensor

from tcclip.data.splits.split_tables import read_classes
from tcclip.errors import UserError
from tcclip.evaluation.subject import Subject
from tcclip.models.backbone import check_names
from tcclip.models.build import skeleton
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.tokens import token_rows
from tcclip.models.weights_file import read_weights
from tcclip.params import Method
from tcclip.params.architecture import BackboneConfig
from tcclip.params.dataset import Frames
from tcclip.params.protocol import Views
from tcclip.params.reader import validate
from tcclip.params.suite import Machine
from tcclip.params.texts import OutsideTexts
from tcclip.prediction.source import Classes, Set, Source, VideoReading
from tcclip.process.files import read_json

CONFIG, CLASSES = "config.json", "classes.csv"
FORMAT = 1  # of config.json
AGAIN = "copy the whole folder that `tcclip export` wrote"
ANY = ("video",)  # in the place of class names, where there are none
# Of a Machine: what is for jobs alone, and what predictions use.
UNASKED = {"gpus": "auto", "train_mem_mb": 1, "train_minutes": 1, "evaluate_minutes": 1}
USED = {"threads", "loader_workers", "precision", "eval_batch"}


def source_of_folder(folder: Path) -> Source:
    """What `export` wrote as the source of a model; UserError where a file is missing, cut off or another version's."""
    config = _whole(folder / CONFIG, partial(read_json, cure=AGAIN))
    if config.get("format") != FORMAT:
        raise UserError(
            f"{folder / CONFIG} has format {config.get('format')}, and this version of tcclip reads {FORMAT}: install "
            "the version that wrote it (`tcclip` in the file), or export the run again"
        )
    where, weights, tokens = str(folder / CONFIG), folder / "weights.safetensors", folder / "tokens.json"
    method = validate(config["method"], Method, f"{where}, method")
    subject = Subject(
        name=config["name"],
        method=method,
        backbone=folder,
        weights=weights,
        folder=folder,
        frames=config["frames"],
        seed=config["seed"],
        machine=validate({**UNASKED, **config["machine"]}, Machine, f"{where}, machine"),
        trained_on=folder / CLASSES if method.on_other_classes() is not method else None,
    )
    architecture = BackboneConfig(**config["architecture"])
    known = _whole(tokens, partial(read_json, cure=AGAIN)) if tokens.is_file() else {}
    tensors = _whole(weights, partial(read_weights, cure=AGAIN))
    return Source(
        subject=subject,
        views=validate(config["views"], Views, f"{where}, views"),
        size=architecture.image_size,
        reading=VideoReading(validate(config["videos"], Frames, f"{where}, videos"), config["identity"]),
        tokens=known,
        build=partial(_model, subject, architecture, known, tensors),
        own=cache(partial(_own_classes, folder)),
        dataset=lambda role, split: _no_datasets(folder, role),
        facts=lambda: _is_exported(folder),
    )


def _model(
    subject: Subject,
    architecture: BackboneConfig,
    tokens: Mapping[str, list[int]],
    tensors: Mapping[str, Tensor],
    names: tuple[str, ...],
    texts: OutsideTexts,
) -> ClipVideo:
    """The exported weights as a model of these classes."""
    method = subject.method_for(names)
    prompts = class_prompts(method, names, texts)
    rows = token_rows(prompts, tokens, method.text.context_length, method.text.beside)
    model = skeleton(method, architecture, rows, subject.frames)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tensor for name, tensor in tensors.items() if name in wanted}
    check_names({name: tuple(tensor.shape) for name, tensor in given.items()}, wanted, str(subject.weights), AGAIN)
    model.load_state_dict(given, strict=True, assign=True)
    return model


def _own_classes(folder: Path) -> Classes:
    """The classes that the run was exported with, and their texts."""
    listed, texts = folder / CLASSES, folder / "texts.json"
    if not listed.is_file():
        raise UserError(f"{folder} has no classes of its own: name some (--classes, --class-file; in Python a list)")
    kinds = _whole(texts, partial(read_json, cure=AGAIN)) if texts.is_file() else {}
    each = {kind: {name: tuple(strings) for name, strings in of.items()} for kind, of in kinds.items()}
    return Classes(read_classes(listed), each)


def _whole(path: Path, read: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What a file of the folder holds; UserError where it is missing or was not copied to its end."""
    if not path.is_file():
        raise UserError(f"{path} is not there: {AGAIN}")
    return read(path)


def _no_datasets(folder: Path, role: str) -> Set:
    raise UserError(
        f"{folder} is an exported model, which knows no dataset '{role}': name its videos as files and its "
        "classes with --class-file, or name the run itself in its checkout"
    )


def _is_exported(folder: Path) -> NoReturn:
    raise UserError(f"{folder} is exported already: copy it")
