"""Generated videos packed as the five real releases are, and a project whose suite `paper` fetches them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive_files import write_joined, write_tar, write_zip
from file_server import Site
from projects import Project, new_project
from rar_files import write_rar

DATASETS = ("k400", "k600", "hmdb51", "ucf101", "ssv2")
PUBLISHED = "dataset,kind,repo,commit,path,bytes,rows,sha256,git_blob\n"


def contents(folder: Path) -> dict[str, bytes]:
    """Path below `folder` -> content, of all files."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def prefixed(files: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
    return {f"{prefix}{name}": content for name, content in files.items()}


def served(site: Site, path: Path) -> str:
    """Serve a file; its URL."""
    return site.add(path.name, path.read_bytes())


def archive(name: str, site: Site, path: Path, into: str, unpack: str = "archive", **more: Any) -> dict[str, Any]:
    return {"name": name, "urls": [served(site, path)], "into": into, "unpack": unpack, **more}


def listed(site: Site, work: Path, name: str, parts: list[Path], into: str) -> dict[str, Any]:
    """A list of archives' URLs, as Kinetics has them."""
    (work / name).write_text("".join(f"{served(site, part)}\n" for part in parts))
    return archive(name, site, work / name, into, lists_urls=True)


def k400(raw: Path, work: Path, site: Site) -> list[dict[str, Any]]:
    files = []
    for split in ("train", "val"):
        videos = sorted(contents(raw / "videos" / split).items())
        halves = [dict(videos[::2]), dict(videos[1::2])]
        parts = [write_tar(work / f"{split}_part_{n}.tar.gz", prefixed(half, "./")) for n, half in enumerate(halves)]
        files.append(listed(site, work, f"k400_{split}_path.txt", parts, f"videos/{split}"))
        (work / f"{split}.csv").write_bytes((raw / f"lists/{split}.csv").read_bytes())
        files.append(archive(f"{split}.csv", site, work / f"{split}.csv", "lists", "no"))
    return files


def k600(raw: Path, work: Path, site: Site) -> list[dict[str, Any]]:
    part = write_tar(work / "k600_part_0.tar.gz", contents(raw / "videos/test"))
    return [listed(site, work, "k600_test_path.txt", [part], "videos/test")]


def hmdb51(raw: Path, work: Path, site: Site) -> list[dict[str, Any]]:
    """One rar per class in a rar, by the class in a clip's name; lists in a rar."""
    lists = contents(raw / "lists")
    actions = sorted({name.partition("_test_split")[0] for name in lists})
    videos = contents(raw / "videos")
    inner = {}
    for action in actions:
        members = {f"{action}/{name}": content for name, content in videos.items() if f"_{action}_" in name}
        inner[f"{action}.rar"] = write_rar(work / f"{action}.rar", members).read_bytes()
    clips = write_rar(work / "hmdb51_org.rar", inner)
    tags = write_rar(work / "test_train_splits.rar", prefixed(lists, "testTrainMulti_7030_splits/"))
    return [archive(clips.name, site, clips, "videos"), archive(tags.name, site, tags, "lists")]


def ucf101(raw: Path, work: Path, site: Site) -> list[dict[str, Any]]:
    clips = write_zip(work / "UCF101_videos.zip", prefixed(contents(raw / "videos"), "UCF-101/"))
    lists = write_zip(work / "ucf_lists.zip", prefixed(contents(raw / "lists"), "ucfTrainTestlist/"))
    return [archive(clips.name, site, clips, "videos"), archive(lists.name, site, lists, "lists")]


def ssv2(raw: Path, work: Path, site: Site) -> list[dict[str, Any]]:
    videos = prefixed(contents(raw / "videos"), "20bn-something-something-v2/")
    pieces = write_joined(work, videos, "20bn-something-something-v2")
    labels = write_zip(work / "ssv2_labels.zip", prefixed(contents(raw / "lists"), "labels/"))
    joined = [archive(path.name, site, path, "videos", "joined") for path in pieces]
    return [*joined, archive(labels.name, site, labels, "lists")]


RELEASES = {"k400": k400, "k600": k600, "hmdb51": hmdb51, "ucf101": ucf101, "ssv2": ssv2}


def paper_project(folder: Path, finished: Project, site: Site) -> Project:
    """A project whose real datasets come from `site`, with the small CLIP and the budgets of `finished`."""
    project = new_project(folder / "project")
    mini = finished.folder
    for dataset in DATASETS:
        (folder / dataset).mkdir(parents=True)
        files = RELEASES[dataset](mini / f"data/raw/mini_{dataset}", folder / dataset, site)
        project.edit(f"params/datasets/{dataset}.yaml", lambda content, files=files: small(content, files))
    _publish_k600(project, mini / "data/raw/mini_k600/lists")
    project.edit("params/unpacking.yaml", lambda content: content.update(free_gigabytes=0))
    _small_suite(project)
    return project


def small(content: dict[str, Any], files: list[dict[str, Any]]) -> None:
    """A dataset's file with these sources and frames of the mini suite's size."""
    content["sources"]["files"] = files
    content["frames"].update(short_side=64, shards=2)
    content["counts"] = {}  # the lists are the mini suite's
    if "base_novel" in content:
        content["base_novel"].update(shots=1, draws=1)
        content["lists"] = "official"
    if "few_shot" in content:
        content["few_shot"]["shots"] = [2]


def _publish_k600(project: Project, lists: Path) -> None:
    """The draws' lists as published ones: hashes in the registry, files where a person would put them."""
    rows, folder = PUBLISHED, project.folder / "data/downloads/k600/published"
    folder.mkdir(parents=True)
    for path in sorted(lists.glob("ZS_*")):
        content = path.read_bytes()
        (folder / path.name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        rows += f"k600,published,someone/lists,0,{path.name},{len(content)},,{digest},{blob}\n"
    (project.folder / "params/split_files.csv").write_text(rows)


def _small_suite(project: Project) -> None:
    import yaml

    mini = yaml.safe_load((project.folder / "params/suites/mini.yaml").read_text())

    def suite(content: dict[str, Any]) -> None:
        content.update({key: mini[key] for key in ("backbone", "machine", "bench", "protocols", "methods")})
        content["tables"] = ["table2", "table3"]

    def rows(content: dict[str, Any]) -> None:
        content["rows"] = [row for row in content["rows"] if row["row"] in ("Vanilla CLIP", "TC-CLIP")]

    def table2(content: dict[str, Any]) -> None:
        content["columns"] = [
            {"name": "ucf101", "dataset": "ucf101", "splits": ["test1", "test2"]},
            {"name": "k600_top1", "dataset": "k600", "splits": ["test1", "test2", "test3"]},
        ]

    def table3(content: dict[str, Any]) -> None:
        content["columns"] = [
            {"name": f"{role}_k2", "dataset": role, "shots": 2, "splits": ["test1"]}
            for role in ("hmdb51", "ucf101", "ssv2")
        ]

    project.edit("params/suites/paper.yaml", suite)
    for name, change in (("table2", table2), ("table3", table3)):
        project.edit(f"params/tables/{name}.yaml", change)
        project.edit(f"params/tables/{name}.yaml", rows)
