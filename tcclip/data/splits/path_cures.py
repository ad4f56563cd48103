"""The one command that writes the paths of videos as they are, into a list or into the dataset's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.entries import Entry, OwnList
from tcclip.params.dataset import Own

Change = tuple[str, str]  # the listed path, and the one that is there


def writing(dataset: Own, own: OwnList, there: Mapping[int, str], right: Sequence[str]) -> str:
    """What writes, for line -> path that is there, these paths, as the end of a sentence.

    `right`: the listed paths that are there already, which no command may change.
    """
    changed = [entry for entry in own.entries if entry.line in there]
    if over := next((entry for entry in changed if entry.lines > 1), None):
        return f"write {there[over.line]} into the record that begins in line {over.line}"
    changes = [(entry.path.replace("\\", "/"), there[entry.line]) for entry in changed]
    backslashes = any("\\" in entry.path for entry in changed)
    return (
        _cut(own, changes, right, backslashes)
        or (len(changes) == len(own.entries) and _other_folder(dataset, changes))
        or (not backslashes and _parts(own, changes, right))
        or _line_by_line(own, changed, there)
    )


def _cut(own: OwnList, changes: Sequence[Change], right: Sequence[str], backslashes: bool) -> str:
    """A beginning that all have, and no path beside them, is taken off."""
    if not all(old.endswith(_listed_as(old, new)) for old, new in changes):
        return ""
    prefixes = {old.removesuffix(_listed_as(old, new)) for old, new in changes}
    prefix = prefixes.pop()
    if prefixes or (prefix and any(path.replace("\\", "/").startswith(prefix) for path in right)):
        return ""
    return f"{cures.cut_paths(prefix, backslashes, own.path)} writes it, and so all others"


def _other_folder(dataset: Own, changes: Sequence[Change]) -> str:
    """The dataset's folder is one below the one that its file names."""
    above = {new.removesuffix(f"/{old}") for old, new in changes}
    if len(above) != 1 or not all(new.endswith(f"/{old}") for old, new in changes):
        return ""
    folder = str(PurePosixPath(dataset.folder) / above.pop())
    command = cures.name_folder(folder, f"params/datasets/{dataset.name}.yaml")
    return f"{command} names the folder they are in"


def _parts(own: OwnList, changes: Sequence[Change], right: Sequence[str]) -> str:
    """Folders and names are replaced wherever they stand, if none of them is right in another line."""
    steps = [(PurePosixPath(old).parts, PurePosixPath(new).parts) for old, new in changes]
    if any(len(old) != len(new) for old, new in steps):
        return ""
    folders: dict[str, str] = {}
    names: dict[str, str] = {}
    for old, new in steps:
        for a, b in zip(old[:-1], new[:-1], strict=True):
            if folders.setdefault(a, b) != b:
                return ""
        if names.setdefault(old[-1], new[-1]) != new[-1]:
            return ""
    taken = {part for path in right for part in PurePosixPath(path).parts}
    folders, names = ({a: b for a, b in steps.items() if a != b} for steps in (folders, names))
    if len(folders) + len(names) > cures.MOST or taken & (folders.keys() | names.keys()):
        return ""
    if {*folders, *names} & {*folders.values(), *names.values()}:
        return ""
    return f"{cures.replace_parts(folders, names, own.path)} writes it, and so all others"


def _line_by_line(own: OwnList, changed: Sequence[Entry], there: Mapping[int, str]) -> str:
    changes = {entry.line: (entry.path, there[entry.line]) for entry in changed}
    more = "" if len(changes) <= cures.MOST else f", and of the next {cures.MOST - 1}"
    return f"{cures.replace_in_lines(changes, own.path)} writes it{more}"


def _listed_as(old: str, new: str) -> str:
    """A path that is there, with the suffix that is listed, which may be another one or none."""
    if old.endswith(new):
        return new
    return str(PurePosixPath(new).with_suffix(PurePosixPath(old).suffix))
