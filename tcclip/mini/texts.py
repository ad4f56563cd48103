"""Texts from outside for the generated datasets, in the originals' formats: what somebody who knows them would write.

They are stand-ins for what a language model writes of real classes (docs/texts.md): they name what a class's name says,
where HMDB-51's are usually seen, and how a motion goes. What a video shows is told by words of its motion, some of
which are missed and some wrong, as those of a captioner.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from tcclip.mini.cameras import ROLES
from tcclip.mini.classes import MOTIONS, SHAPES, looks
from tcclip.mini.datasets import ucf101
from tcclip.mini.phrases import MOTIONS as DESCRIBED
from tcclip.mini.phrases import action_of, place_of, thing_of, usual_thing, with_article, words_of
from tcclip.mini.scenes import clip_time, draw, stream
from tcclip.params.dataset import Generate
from tcclip.params.texts import TextKind
from tcclip.process.files import write_text

Files = dict[str, str]  # path -> content
COUNT = 4  # descriptors of a type
KEPT = 0.7  # of the words of a video's motion
WRONG = 0.3  # videos with a word of another motion
SILENT = 0.02  # videos of which nothing is said


def class_texts(kind: TextKind, class_list: str, names: Sequence[str]) -> Files:
    """The files of one kind for the classes of a list, in its order."""
    match kind:
        case "rephrased":
            return {f"rephrased/{class_list}.json": _json(map(rephrased, names))}
        case "descriptors":
            return {
                f"descriptors/{class_list}.spatial.json": _json(map(spatial, names)),
                f"descriptors/{class_list}.temporal.json": _json(map(temporal, names)),
            }
        case _:
            return {f"class_words/{name}.txt": _lines(class_words(name)) for name in names}


def rephrased(name: str) -> str:
    """'Red ball bounce on grass: A red ball on grass bounces up and down and moves to a side'."""
    action, place = action_of(name), place_of(name)
    if thing_of(name) == "something":
        return f"{words_of(name)}: {action.meaning[0].upper()}{action.meaning[1:]}"
    where = f" on {place}" if place else ""
    sentence = f"{with_article(usual_thing(name))}{where} {action.meaning}"
    return f"{words_of(name)}: {sentence[0].upper()}{sentence[1:]}"


def spatial(name: str) -> list[str]:
    """Things that are seen in one picture."""
    thing, usual, place = thing_of(name), usual_thing(name), place_of(name)
    shape = looks(name).shape
    found = [usual, thing, shape, f"{usual} on {place}" if place else None, place]
    more = [f"picture of {with_article(thing)}", f"photo of {with_article(thing)}", "small shapes", "plain"]
    return list(dict.fromkeys(text for text in (*found, *more) if text))[:COUNT]


def temporal(name: str) -> list[str]:
    """The steps of the action."""
    return [step.format(thing=thing_of(name)) for step in action_of(name).steps]


def class_words(name: str) -> list[str]:
    """The class's own name, verbs in two forms, and phrases."""
    action, thing = action_of(name), thing_of(name)
    verbs = [form for verb in action.verbs for form in verb.split()]
    first = action.verbs[0].split()
    about = [f"{first[0]} {thing}", f"{first[1]} {with_article(thing)}", f"photo of {with_article(thing)}"]
    return list(dict.fromkeys([name, *verbs, *action.phrases, *about]))


def video_words(generate: Generate, videos: Mapping[str, str]) -> Files:
    """A file for each video: path below videos/ -> its class."""
    files: Files = {}
    motions = drawn_motions(generate) if generate.role == "ucf101" else {}
    for path, name in videos.items():
        video = PurePosixPath(path)
        stem = video.name.partition(".")[0]
        folder = f"{video.parent.name}/" if video.parent.name else ""
        files[f"video_words/{folder}{stem}.txt"] = _lines(
            words_of_video(generate, path, name, motions.get(path) or looks(name).motion)
        )
    return files


def words_of_video(generate: Generate, path: str, name: str, motion: str | None) -> list[str]:
    """Verbs of the motion that a video shows, in two forms, as somebody reads them off a few of its frames."""
    rng = stream(generate.seed, generate.role, path, "words")
    if rng.uniform() < SILENT:
        return []
    verbs = (DESCRIBED[motion] if motion else action_of(name)).verbs
    seen = [verb for verb in verbs if rng.uniform() < KEPT]
    if rng.uniform() < WRONG:
        seen += [draw(rng, DESCRIBED[draw(rng, MOTIONS)].verbs)]
    words = dict.fromkeys(word for verb in seen for word in verb.split())
    return [word for word in words if word != name]


def drawn_motions(generate: Generate) -> dict[str, str]:
    """The motion of each UCF-101 clip, whose class says nothing of it, as it was drawn (`scenes.named_clip`)."""
    found: dict[str, str] = {}
    counted: Counter[str] = Counter()
    for clip in ucf101(generate).clips:
        name = clip.path.partition("/")[0]
        rng = stream(generate.seed, "ucf101", name, counted[name])
        clip_time(ROLES["ucf101"].camera, rng)
        if looks(name).shape is None:
            draw(rng, SHAPES)
        found[clip.path] = draw(rng, MOTIONS)
        counted[name] += 1
    return found


def write(folder: Path, contents: Files) -> None:
    """Write the files below a folder."""
    for path, content in contents.items():
        write_text(folder / path, content)


def _json(values: Iterator[object]) -> str:
    return json.dumps({str(label): value for label, value in enumerate(values)}, indent=2) + "\n"


def _lines(words: Sequence[str]) -> str:
    return "".join(f"{word}\n" for word in words)
