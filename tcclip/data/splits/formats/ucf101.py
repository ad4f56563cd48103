"""UCF-101: `classInd.txt` with lines `<number> <Class>`, `trainlist0<n>.txt` and `testlist0<n>.txt`.

The class is the folder; the file may spell it in another way (HandstandPushups/v_HandStandPushups_...).
"""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split."""
    path = folder / "classInd.txt"
    numbered = [_numbered(line, path) for line in lists.lines(dataset, path)]
    names = [name for _, name in sorted(numbered, key=lambda pair: pair[0])]
    label_of = {name: label for label, name in enumerate(names)}
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        kind, number = lists.numbered(dataset, split)
        path = folder / f"{kind}list{int(number):02d}.txt"
        rows = []
        for line in lists.lines(dataset, path):
            file = lists.pair(line, path)[0] if kind == "train" else line
            name = file.split("/", 1)[0]
            rows.append((video_id(file, "ucf101"), lists.label(name, label_of, path)))
        splits[split] = rows
    return {"all": names}, splits


def _numbered(line: str, path: Path) -> tuple[int, str]:
    number, _, name = line.strip().partition(" ")
    if not number.isdecimal() or not name.strip():
        raise UserError(f"{path}: line '{line}' must be a number, a blank and a class")
    return int(number), name.strip()
