"""What the demo answers: the best classes of a video, where the model looks, its context tokens; or a sentence.

Nothing is computed here: predictions, attention and context tokens are those of `tcclip.load`, and the pictures are
those of `tcclip attention` and `tcclip context-tokens`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tcclip.errors import UserError
from tcclip.prediction import Model
from tcclip.prediction.classes import typed_names
from tcclip.prediction.naming import LISTS

TOP = 5  # classes that are shown


@dataclass(frozen=True)
class Answer:
    """What is known of a video so far."""

    said: str = ""  # a sentence: what is going on, what is wrong, or what is worth knowing
    best: dict[str, float] = field(default_factory=dict)  # class -> probability, best first
    attention: Path | None = None  # PNG
    tokens: Path | None = None  # PNG


def answers(model: Model, video: str | None, names: str) -> Iterator[Answer]:
    """The answer as it grows: predictions, then attention, then context tokens.

    video: a file; names: class names between commas or one a line, none of them for the classes of the training. What
    cannot be answered is a sentence, the last answer.
    """
    path, known = Path(video or ""), Answer()
    try:
        for known in _answers(model, _video(video), _names(model, names)):
            yield known
    except UserError as error:
        yield replace(known, said=_plain(str(error), path))


def _answers(model: Model, video: Path, names: Sequence[str] | None) -> Iterator[Answer]:
    yield Answer(f"{video.name}: reading and predicting ...")
    (found,) = model.predict(video, names, top=TOP)
    if found.broken:
        raise UserError(f"{video.name} is no video that can be read: {found.defect}")
    note = f"{video.name}: {found.defect}" if found.defect else ""
    known = Answer(_plain(note, video), dict(zip(found.classes, found.probabilities, strict=True)))
    yield replace(known, said="Drawing where the model looks ...")
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))  # in the demo's own folder
    known = replace(known, attention=_attention(model, video, names, folder / "attention.png"))
    yield replace(known, said="Drawing context tokens ...")
    yield _with_tokens(model, video, folder / "context_tokens.png", known)


def _attention(model: Model, video: Path, names: Sequence[str] | None, out: Path) -> Path:
    from tcclip.attention.reading import AttentionReading
    from tcclip.reporting.attention_figure import write_attention

    write_attention([model.attention(video, names)], AttentionReading(), video.name, None, out)
    return out


def _with_tokens(model: Model, video: Path, out: Path, known: Answer) -> Answer:
    """With the picture of the context tokens; with a sentence where the model has none."""
    from tcclip.reporting.context_figure import write_context

    try:
        tokens = model.context_tokens(video)
    except UserError as error:
        return replace(known, said=" ".join(filter(None, (known.said, f"{error}."))))
    write_context(tokens, video.name, None, "auto", out)
    return replace(known, tokens=out)


def own_classes(model: Model) -> tuple[str, ...]:
    """The classes of the training; none where it has none."""
    try:
        return model.classes
    except UserError:
        return ()


def _names(model: Model, text: str) -> tuple[str, ...] | None:
    """The class names that are typed; None: those of the training, or UserError where there are none."""
    names = typed_names(text) or None
    if names is None and not own_classes(model):
        raise UserError(f"Type class names to choose from: {model.name} has none of its own")
    return names


def _video(path: str | None) -> Path:
    """The file; UserError where there is none, or where it would be read as a list of other files."""
    if path is None:
        raise UserError("Drop a video first")
    video = Path(path)
    if video.suffix.lower() in LISTS:
        raise UserError(f"{video.name} is a text and no video")
    return video


def _plain(said: str, video: Path) -> str:
    """Without the folder that an uploaded file happens to lie in."""
    return said.replace(str(video), video.name)
