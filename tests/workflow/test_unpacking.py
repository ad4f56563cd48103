"""Real datasets are unpacked before their manifest is written; generated ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import Project, new_project
from small_releases import download

from tcclip.plan import layout

TARGET = str(layout.manifest("ucf101"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("unpacking"))


def test_a_release_goes_from_its_archives_to_the_manifest_once(
    fresh: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fresh.folder)
    fresh.edit("params/unpacking.yaml", lambda content: content.update(free_gigabytes=0))
    videos = download("ucf101", tmp_path)
    paper = ("--config", "suite=paper")
    assert fresh.jobs(TARGET, *paper) == {"raw": 1, "unpack": 1}
    fresh.snakemake("-c1", TARGET, *paper)
    assert {f"videos/{name}" for name in videos} <= {line.split(",")[0] for line in Path(TARGET).read_text().split()}
    assert fresh.jobs(TARGET, *paper) == {}


def test_a_generated_dataset_has_nothing_to_unpack(fresh: Project) -> None:
    assert fresh.jobs(str(layout.manifest("mini_ucf101"))) == {"raw": 1}
