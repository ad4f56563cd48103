"""Small archives for tests, and datasets that are unpacked from them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rar_files import needs_bsdtar, write_rar

from tcclip.params.dataset import Release
from tcclip.params.unpacking import Unpacking
from tcclip.plan import layout

FRAMES = {"short_side": 64, "jpeg_quality": 90, "shards": 1, "decode_timeout_s": 60}
FIRST = {f"Jump/a{n}.avi": bytes([n]) * 5000 for n in range(3)}
SECOND = {f"Run/b{n}.avi": bytes([9 + n]) * 5000 for n in range(4)}
FORMATS = ("tar.gz", "tar", "zip", "rar", "joined")
ALL = [pytest.param(form, marks=needs_bsdtar) if form == "rar" else form for form in FORMATS]
GOOD = {f"Jump/{n}.avi": bytes(range(256)) * 30 for n in range(3)}


def dataset(*files: Mapping[str, Any], **changes: Any) -> Release:
    """A dataset `tiny` with these sources."""
    keep = changes.pop("keep_archives", True)
    sources = {"licence": "free", "page": "none", "videos": 2, "gigabytes": 0, "files": files, "keep_archives": keep}
    content = {"name": "tiny", "description": "d", "format": "ucf101", "splits": ["train1"], "class_lists": "one"}
    return Release.model_validate({**content, "flip": True, "frames": FRAMES, "sources": sources, **changes})


def videos(*names: str) -> list[dict[str, Any]]:
    """Sources entries of archives that hold videos."""
    return [{"name": name, "into": "videos", "unpack": "archive"} for name in names]


def write_tar(path: Path, members: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def write_joined(folder: Path, members: Mapping[str, bytes], stem: str = "tiny-v2") -> list[Path]:
    """A tar.gz in two pieces, each in a zip; as in SSv2's release."""
    whole = write_tar(folder / "whole.tgz", members).read_bytes()
    (folder / "whole.tgz").unlink()
    pieces = [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
    return [
        write_zip(folder / f"{stem}-0{n}.zip", {f"{stem}-0{n}": piece, "__MACOSX/._x": b"mac"})
        for n, piece in enumerate(pieces)
    ]


def write_archive(folder: Path, form: str, members: Mapping[str, bytes]) -> tuple[Release, Path]:
    """An archive of one of FORMATS in `folder`; returns a dataset of it and the archive (its last piece)."""
    if form == "joined":
        paths = write_joined(folder, members)
        return dataset(*({"name": path.name, "into": "videos", "unpack": "joined"} for path in paths)), paths[-1]
    path = folder / f"videos.{form}"
    if form == "rar":
        write_rar(path, members)
    elif form == "zip":
        write_zip(path, members)
    else:
        write_tar(path, members, "w:gz" if form == "tar.gz" else "w")
    return dataset(*videos(path.name)), path


def files_below(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def downloads() -> Path:
    return layout.downloads("tiny")


def in_place() -> dict[str, bytes]:
    """Everything below data/raw/tiny but the lock."""
    return {name: content for name, content in files_below(layout.raw("tiny")).items() if name != ".unpack.lock"}


def limits(small: int = 1_000_000, ratio: float = 1, members: int = 100) -> Unpacking:
    return Unpacking(bytes_per_archive_byte=ratio, small_bytes=small, members=members, free_gigabytes=0)


def videos_in_place() -> dict[str, bytes]:
    return files_below(layout.raw("tiny") / "videos")


def two_archives(**changes: Any) -> Release:
    """FIRST and SECOND, each in an archive."""
    write_tar(downloads() / "first.tar.gz", FIRST)
    write_tar(downloads() / "second.tar.gz", SECOND)
    return dataset(*videos("first.tar.gz", "second.tar.gz"), **changes)
