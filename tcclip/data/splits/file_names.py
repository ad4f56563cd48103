"""The files that listed videos are: a video is known without its suffix, and no other file may stand for it.

Of two files with one identity the longer one is kept (`tcclip.data.videos.index`), which is right for a release, whose
files are clips fetched twice, and wrong for videos that somebody has named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from tcclip.data.splits import cures
from tcclip.data.splits.entries import OwnList
from tcclip.data.videos.listing import suffix_of, video_id
from tcclip.errors import UserError
from tcclip.params.dataset import Own


def check_twins(dataset: Own, own: OwnList, there: Iterable[str]) -> None:
    """UserError where a listed video is two files of the folder; `there` are the paths below it."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(there):
        files[video_id(path, dataset.format)].append(path)
    twins = [entry for entry in own.entries if len(files.get(entry.video, ())) > 1]
    if twins:
        one, two = files[twins[0].video][:2]
        more = f" ({len(twins)} listed videos are there more than once)" if len(twins) > 1 else ""
        raise UserError(
            f"{own.path}, line {twins[0].line}: below {dataset.folder} are {one} and {two}, which are one video, as a "
            f"video is its path without the suffix{more}: rename one of the two, and in the list too if it is the one "
            f"that you mean, or take one out of the folder, and run `tcclip raw {dataset.name}` again"
        )


def check_suffixes(own: OwnList, videos: Mapping[str, str]) -> None:
    """UserError where a path is listed with a suffix and the file that is there has another one.

    `videos`: path below the folder by the identity of the video, of all that are there.
    """
    listed = [(entry, videos[entry.video]) for entry in own.entries if entry.video in videos]
    wrong = [(entry, path) for entry, path in listed if suffix_of(entry.path) not in ("", suffix_of(path))]
    if not wrong:
        return
    changes = {_suffix(entry.path): _suffix(path) for entry, path in wrong}
    right = {_suffix(entry.path) for entry, path in listed if suffix_of(entry.path) == suffix_of(path)}
    consistent = all(changes[_suffix(entry.path)] == _suffix(path) for entry, path in wrong)
    entry, path = wrong[0]
    if over := next((entry for entry, _ in wrong if entry.lines > 1), None):
        cure = f"write {videos[over.video]} into the record that begins in line {over.line}"
    elif consistent and not right & changes.keys():
        cure = f"{cures.replace_suffixes(changes, own.path)} writes the suffix that is there"
    else:
        lines = {entry.line: (entry.path, _with_suffix(entry.path, _suffix(path))) for entry, path in wrong}
        cure = f"{cures.replace_in_lines(lines, own.path)} writes the suffix that is there"
    more = f" ({len(wrong)} listed files have another suffix there)" if len(wrong) > 1 else ""
    raise UserError(
        f"{own.path}, line {entry.line}: {cures.shown(entry.path)} is not there, and {path} is{more}: if that is the "
        f"video, {cure}; if not, put the listed file there under a name of its own"
    )


def remarks_of_empty(own: OwnList, videos: Mapping[str, str], there: Mapping[str, int]) -> list[str]:
    """A remark where listed files hold nothing; `there` are the bytes by the paths below the folder."""
    empty = [entry for entry in own.entries if entry.video in videos and not there[videos[entry.video]]]
    if not empty:
        return []
    more = f", and {len(empty) - 1} other listed files are" if len(empty) > 1 else ""
    return [f"{own.path}, line {empty[0].line}: {videos[empty[0].video]} is an empty file{more}"]


def _suffix(path: str) -> str:
    """As it is written."""
    return PurePosixPath(path).suffix if suffix_of(path) else ""


def _with_suffix(path: str, suffix: str) -> str:
    return path.removesuffix(_suffix(path)) + suffix
