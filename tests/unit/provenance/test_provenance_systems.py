"""`tcclip explain` and `tcclip reproduce` of a run of every compared system, by its own and by the common recipe."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tiny_world import make_world

from tcclip.params.reader import params_folder
from tcclip.plan import layout, load_plan
from tcclip.process.files import read_json, sha256, write_json
from tcclip.provenance.explain import explain
from tcclip.provenance.reproduce import reproduce
from tcclip.stages import evaluate, train

METHODS = [name + recipe for name in ("x_clip", "action_clip", "vita_clip", "a5") for recipe in ("", "-common")]
SHORT = {"frames": 4, "epochs": 1, "warmup_epochs": 0, "total_batch": 4, "micro_batch": 2}
COMMIT = "0123456789" * 4


@dataclass(frozen=True)
class Place:
    """A folder with a project's params and data, where commands run in this process."""

    folder: Path

    def tcclip(self, command: str, run: str, *_suite: str) -> None:
        with contextlib.chdir(self.folder):
            {"train": train.train, "evaluate": evaluate.evaluate}[command](run)

    def python(self, code: str) -> str:
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()) as said:
            exec(code, {})
        return said.getvalue()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with one table, a row for each of the methods, over the data of a tiny world."""
    folder, world = tmp_path_factory.mktemp("project"), make_world(tmp_path_factory.mktemp("world"), train=5, test=3)
    shutil.copytree(params_folder(), folder / "params")
    rows = [{"row": name, "method": name} for name in METHODS]
    columns = [{"name": "k2", "dataset": "hmdb51", "shots": 2, "splits": ["test1"]}]
    table = {"title": "Systems", "protocol": "few_shot", "columns": columns, "rows": rows}
    (folder / "params/tables/systems.yaml").write_text(yaml.safe_dump(table))
    file = folder / "params/suites/mini.yaml"
    suite = yaml.safe_load(file.read_text())
    suite["protocols"]["few_shot"].update(SHORT)
    file.write_text(yaml.safe_dump({**suite, "tables": ["systems"]}))
    splits = folder / layout.splits("mini_hmdb51")
    shutil.copytree(world / "splits", splits)
    (splits / "train.csv").rename(splits / "few_shot_k2.csv")
    (splits / "test.csv").rename(splits / "test1.csv")
    for place, part in ((layout.frames("mini_hmdb51"), "frames"), (layout.backbone("mini_clip"), "backbone")):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).symlink_to(world / part)
    load_plan.cache_clear()
    with contextlib.chdir(folder):
        yield folder
    load_plan.cache_clear()


@pytest.mark.parametrize("method", METHODS)
def test_a_run_of_a_system_says_where_it_comes_from_and_comes_out_the_same_again(
    project: Path, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, run = load_plan("mini"), f"few_shot-hmdb51-k2-{method}-s1024"
    folder = layout.run("mini", run)
    Place(project).tcclip("train", run)
    Place(project).tcclip("evaluate", run)
    made = read_json(folder / "environment.json")
    write_json(folder / "environment.json", {**made, "git": {"commit": COMMIT, "dirty": False}})

    said = explain(plan, "systems", method, "k2")
    top1 = read_json(folder / "metrics.json")["evaluations"]["hmdb51-test1-2x1"]["top1"]
    assert f"hmdb51-test1-2x1: top1 {top1:.2f} % of 3 videos" in said
    assert sha256(folder / "weights.safetensors") in said and f"params       those of method {method}" in said
    assert said.count("the same today") == 3 and " stale" not in said  # code of both stages, data
    assert "epochs = 1  (params/protocols/few_shot.yaml: 50)" in said and COMMIT in said

    for part in ("params", "data"):
        (tmp_path / part).symlink_to(project / part)
    monkeypatch.setattr(
        "tcclip.provenance.reproduce.clean_place", lambda commit, keep: contextlib.nullcontext(Place(tmp_path))
    )
    outcome = reproduce(plan, run)
    assert outcome.lines()[0] == f"{run}: bit-identical weights and predictions of 1 evaluations"
    assert not (tmp_path / folder).samefile(folder)
