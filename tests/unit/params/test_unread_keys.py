"""A change that only kinds read which the method has not chosen would train the same model under another name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.params import load_method
from tcclip.params.reader import params_folder
from tcclip.plan import load_plan
from tcclip.plan.changes import changed_run

RUN = "few_shot-hmdb51-k4-tc_clip-s1024"


@pytest.mark.parametrize(
    ("changes", "key", "kinds"),
    [
        (["recipe.objective.truth_scale=2"], "recipe.objective.truth_scale", "recipe.objective is 'soft_ce'"),
        (["tc.kmeans.iterations=3"], "tc.kmeans.iterations", "tc.summarizer is 'bipartite' and it is a key of kmeans"),
        (["tc.iterations=3"], "tc.iterations", "it is a key of kmeans"),
        (["vision.edge=mask"], "vision.edge", "vision is 'context' and it is a key of adjacent"),
        (["tc.summarizer=kmeans", "tc.r=4"], "tc.r", "tc.summarizer is 'kmeans'"),
    ],
    ids=str,
)
def test_a_value_that_no_chosen_kind_reads_is_refused(changes: list[str], key: str, kinds: str) -> None:
    with pytest.raises(UserError, match=f"^--set: {key} would change nothing, because .*{kinds}"):
        changed_run(load_plan("mini"), RUN, changes)


@pytest.mark.parametrize(
    "changes",
    [
        ["recipe.objective.label_smoothing=0.2"],
        ["recipe.label_smoothing=0.2"],
        ["recipe.mixup.prob=0.3"],
        ["recipe.optimizer.new_lr_factor=3"],
        ["train.lr_factor.look=3"],
        ["tc.alpha=0.4"],
        ["tc.r=4"],
        ["tc.summarizer=kmeans", "tc.kmeans.iterations=4"],
        ["text.mode=template"],
    ],
    ids=str,
)
def test_one_that_is_read_is_taken_in_whatever_spelling(changes: list[str]) -> None:
    assert changed_run(load_plan("mini"), RUN, changes)[1].startswith(f"{RUN}+")


def test_so_is_a_rows_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = shutil.copytree(params_folder(), tmp_path / "params")
    (params / "tables" / "mine.yaml").write_text(
        "title: Mine\nprotocol: few_shot\n"
        "columns: [{name: ucf101, dataset: ucf101, shots: 2, splits: [test1]}]\n"
        "rows: [{row: Near, method: tc_clip, set: {tc.dpc_knn.neighbours: 3}, as: tc_clip-near}]\n"
    )
    monkeypatch.setenv("TCCLIP_PARAMS", str(params))
    with pytest.raises(UserError, match=r"mine\.yaml.*tc\.dpc_knn\.neighbours would change nothing.*dpc_knn"):
        load_method("tc_clip-near")
