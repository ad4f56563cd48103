"""A run that starts from another run's weights, and where that is refused."""

from pathlib import Path

import pytest
from changed_params import with_params

from tcclip.errors import UserError
from tcclip.params import load_table
from tcclip.stages import train

FROM_K400 = {"group": "original names", "row": "ActionCLIP", "method": "tc_clip-k400_init"}


def test_a_run_that_starts_from_another_runs_weights_waits_for_it(monkeypatch, tmp_path):
    rows = [FROM_K400 if row.row == "ActionCLIP" else row.model_dump() for row in load_table("table3").rows]
    plan = with_params(monkeypatch, tmp_path, tables__table3={"rows": rows}, suites__paper={"tables": ["table3"]})
    run = plan.run("few_shot-ucf101-k2-tc_clip-k400_init-s1024")
    assert run.init == plan.run("zero_shot-k400-tc_clip-s1024")  # 10 epochs at 8e-6, as the authors' (methods.md 3.11)
    weights = Path("runs/paper/zero_shot-k400-tc_clip-s1024/weights.safetensors")
    assert weights in train.depends_on(plan, run.name).inputs


def test_a_number_of_shots_that_the_first_protocol_does_not_train_is_refused(monkeypatch, tmp_path):
    init = {"method": "tc_clip", "protocol": "few_shot", "dataset": "hmdb51", "shots": 3}
    row = {"row": "A", "method": "tc_clip", "set": {"init": init}, "as": "tc_clip-k3_init"}
    with pytest.raises(UserError, match=r"unknown init\.shots of method tc_clip-k3_init '3': .*2, 4, 8"):
        with_params(monkeypatch, tmp_path, tables__table3={"rows": [row]}, suites__paper={"tables": ["table3"]})


def test_base_to_novel_starts_from_clip_alone(monkeypatch, tmp_path):
    rows = [FROM_K400 if row.row == "ActionCLIP" else row.model_dump() for row in load_table("table4").rows]
    with pytest.raises(UserError, match="init must be clip in protocol base_to_novel"):
        with_params(monkeypatch, tmp_path, tables__table4={"rows": rows})


FROM_K400_ON_BASE = {
    **FROM_K400,
    "set": {"protocols.base_to_novel.only_from_clip": False},  # what the refusal says to write
    "as": "tc_clip-k400_init_base",
}


def novel_table(*datasets):
    """Base and novel columns of these datasets."""
    splits = ("base", "novel")
    columns = [{"name": f"{d}_{s}", "dataset": d, "splits": [f"{s}_test"]} for d in datasets for s in splits]
    return {"columns": columns, "rows": [FROM_K400_ON_BASE]}


def test_base_to_novel_starts_from_k400_where_a_row_asks_for_it(monkeypatch, tmp_path):
    changes = novel_table("hmdb51", "ucf101", "ssv2")
    plan = with_params(monkeypatch, tmp_path, tables__table4=changes, suites__paper={"tables": ["table4"]})
    started = [run for run in plan.runs.values() if run.protocol == "base_to_novel"]
    assert len(started) == 3 * 3 and {run.init.name for run in started} == {"zero_shot-k400-tc_clip-s1024"}


def test_the_novel_classes_of_k400_itself_have_been_seen(monkeypatch, tmp_path):
    with pytest.raises(UserError, match="a training on k400 has seen the novel classes of k400"):
        with_params(monkeypatch, tmp_path, tables__table4=novel_table("k400"))
