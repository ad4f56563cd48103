"""A dataset's release: where its files can be had (`sources` in params/datasets/*.yaml, and params/split_files.csv)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tcclip.params.reader import Params, params_folder

ListKind = Literal["published", "rephrased", "descriptors"]  # the paper's lists | texts from outside (docs/texts.md)
SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RemoteFile(Params):
    """One file of a release: where it can be had, how it is recognised, and where its content goes."""

    name: Annotated[str, Field(pattern=r"^[^/.][^/]*(/[^/.][^/]*)*$")]  # below data/downloads/<dataset>/
    urls: list[str] = Field(default_factory=list)  # candidates in the order of trying; none: fetched by hand
    bytes: int | None = None  # its size, if it is known
    sha256: SHA256 | None = None  # hash of the content, if it is known
    git_blob: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None  # git's hash of the content
    # with neither hash, the sha256 is recorded at the first download and checked ever after
    insecure_tls: bool = False  # the server's certificate chain is broken; only together with a sha256
    lists_urls: bool = False  # the file is text that names archives, one URL per line; all of them are fetched
    into: str = "."  # the folder below data/raw/<dataset>/ for the file or, if unpacked, for its members
    unpack: Literal["no", "archive", "joined"] = "no"  # joined: zips that hold the pieces of one tar.gz

    @model_validator(mode="after")
    def _safe(self) -> RemoteFile:
        if self.insecure_tls and self.sha256 is None:
            raise ValueError(f"{self.name}: insecure_tls needs the file's sha256")
        return self


class Sources(Params):
    """Everything that is downloaded for a dataset, or placed by the user."""

    licence: str  # of the files, in a few words
    page: str  # where a person reads the terms
    by_hand: str | None = None  # what to fetch and where to put it, for what no program can fetch
    keep_archives: bool = True  # false: an archive is removed once its videos are verified
    videos: int  # files of the whole release, for estimates
    gigabytes: float  # of the archives, for estimates; videos hardly shrink in an archive
    frames_mb: float | None = None  # megabytes of JPEGs per video, for estimates
    files: list[RemoteFile]  # what is fetched, in this order


def split_files(dataset: str, kind: ListKind) -> list[RemoteFile]:
    """The lists of a dataset at their pinned commits (params/split_files.csv)."""
    path = params_folder() / "split_files.csv"
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["dataset"], row["kind"]) == (dataset, kind)]
    return [
        RemoteFile(
            name=f"{kind}/{short(Path(row['path']), kind)}",
            urls=[f"https://raw.githubusercontent.com/{row['repo']}/{row['commit']}/{row['path']}"],
            bytes=int(row["bytes"]) if row["bytes"] else None,
            sha256=row["sha256"] or None,
            git_blob=row["git_blob"] or None,
            into=f"lists/{kind}",
        )
        for row in rows
    ]


def short(path: Path, kind: ListKind) -> str:
    """The name of a list below the folder of its kind; descriptors of two types have one name in two folders."""
    return "/".join(path.parts[-2:]) if kind == "descriptors" else path.name
