"""The official annotation and split files, written as the originals are. Pure text: file name -> content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tcclip.process.files import csv_text

Files = dict[str, str]


def kinetics_annotation(split: str, clips: Sequence[tuple[str, str, int, int]]) -> Files:
    """`<split>.csv` of clips (label, YouTube id, start, end; seconds)."""
    rows = [(label, video, start, end, split) for label, video, start, end in clips]
    return {f"{split}.csv": csv_text(("label", "youtube_id", "time_start", "time_end", "split"), rows)}


def class_names(file: str, names: Sequence[str]) -> Files:
    """A table of class names, numbered from 0."""
    return {file: csv_text(("id", "name"), enumerate(names))}


def k600_draw(draw: int, names: Sequence[str], clips: Sequence[tuple[str, str]]) -> Files:
    """Zero-shot draw 1, 2 or 3: its class names and its clips (path, class name), numbered within the draw.

    The list ends without a newline, as the published ones do.
    """
    rows = [f"{path} {names.index(name)}" for path, name in clips]
    return {
        **class_names(f"ZS_split{draw}_K600.csv", names),
        f"ZS_split{draw}_K600_eval.txt": "\n".join(rows),
    }


def hmdb_split(class_name: str, split: int, tags: Sequence[tuple[str, int]]) -> Files:
    """`<class>_test_split<n>.txt` of (file, tag): 1 trains, 2 tests, 0 is unused; every line ends with a blank."""
    lines = "".join(f"{file} {tag} \n" for file, tag in tags)
    return {f"{class_name.replace(' ', '_')}_test_split{split}.txt": lines}


def ucf_splits(names: Sequence[str], splits: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Files:
    """`classInd.txt` (from 1) and, per split, `trainlist0<n>.txt` with and `testlist0<n>.txt` without labels.

    A split is a pair (training paths, test paths) of `Class/file.avi`.
    """
    number = {name: i for i, name in enumerate(names, 1)}
    files = {"classInd.txt": "".join(f"{i} {name}\n" for name, i in number.items())}
    for n, (train, test) in enumerate(splits, 1):
        files[f"trainlist0{n}.txt"] = "".join(f"{path} {number[path.split('/')[0]]}\n" for path in train)
        files[f"testlist0{n}.txt"] = "".join(f"{path}\n" for path in test)
    return files


def ssv2_lists(
    templates: Sequence[str], train: Sequence[dict[str, Any]], validation: Sequence[dict[str, Any]]
) -> Files:
    """`labels.json` (class name -> number as a string), `train.json` and `validation.json` of clip entries."""
    names = sorted(template.replace("[", "").replace("]", "") for template in templates)
    labels = {name: str(i) for i, name in enumerate(names)}
    contents = {"labels.json": labels, "train.json": list(train), "validation.json": list(validation)}
    return {file: json.dumps(content, indent=1) + "\n" for file, content in contents.items()}


def ssv2_entry(video: str, template: str, things: Sequence[str]) -> dict[str, Any]:
    """One clip: the template and the sentence with its placeholders filled in."""
    sentence = template.lower()
    for thing in things:
        sentence = sentence.replace("[something]", thing, 1)
    return {"id": video, "label": sentence, "template": template, "placeholders": list(things)}
