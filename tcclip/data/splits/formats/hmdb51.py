"""HMDB-51: `<class>_test_split<n>.txt` with lines `<file> <tag>`; tag 1 is training, 2 test, 0 neither."""

from __future__ import annotations

from pathlib import Path

from tcclip.data.splits import lists
from tcclip.data.splits.lists import Lists, Official, Row
from tcclip.data.videos.listing import video_id
from tcclip.errors import UserError


def read(dataset: Official, folder: Path) -> Lists:
    """Class names and the rows of every split."""
    marker = "_test_split"
    files = sorted(folder.glob(f"[!.]*{marker}*.txt"))
    if not files:
        raise lists.missing(dataset, folder / f"<class>{marker}1.txt")
    names = sorted({path.name.rsplit(marker, 1)[0] for path in files})
    splits: dict[str, list[Row]] = {}
    for split in dataset.splits:
        kind, number = lists.numbered(dataset, split)
        wanted = {"train": "1", "test": "2"}[kind]
        rows: list[Row] = []
        for label, name in enumerate(names):
            path = folder / f"{name}{marker}{number}.txt"
            pairs = [lists.pair(line, path) for line in lists.lines(dataset, path)]
            if other := next((pair for pair in pairs if pair[1] not in ("0", "1", "2")), None):
                raise UserError(f"{path}: the tag of {other[0]} must be 0, 1 or 2 (got '{other[1]}')")
            rows += [(video_id(file, "hmdb51"), label) for file, tag in pairs if tag == wanted]
        splits[split] = rows
    return {"all": [name.replace("_", " ") for name in names]}, splits
