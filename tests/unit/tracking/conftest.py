"""A store that is made once, because that takes seconds, and run folders to load into copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hand_made import write_run
from tracked_runs import TRAINED, UNTRAINED, parts

from tcclip.tracking import store


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, made once."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        store.create_store()
    return folder / "mlflow.db"


@pytest.fixture
def here(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a store and the run folders of `small_plan`."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(template, tmp_path / "mlflow.db")
    write_run(tmp_path / "runs/mini" / TRAINED.name, TRAINED, parts(40.0))
    write_run(tmp_path / "runs/mini" / UNTRAINED.name, UNTRAINED, parts(20.0))
    for split in ("few_shot_k2", "test1"):
        (tmp_path / "data/splits/mini_ssv2").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"data/splits/mini_ssv2/{split}.csv").write_text(f"video,label\n{split},0\n")
    yield tmp_path
