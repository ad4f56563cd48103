"""Trainings are validated with the views that the authors use, and cells are the best of these validations (8.1)."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tiny_world import make_world, protocol, training_job

from tcclip.evaluation import EvaluationJob, Subject, evaluate
from tcclip.params import load_method, load_protocol
from tcclip.params.depends import training_settings
from tcclip.params.protocol import Protocol
from tcclip.plan import load_plan
from tcclip.training import train


@pytest.mark.parametrize(
    ("name", "temporal", "mode"),
    [
        ("few_shot", 2, "paper"),
        ("base_to_novel", 2, "paper"),
        ("zero_shot", 1, "deterministic"),
        ("fully_supervised", 1, "deterministic"),
    ],
)
def test_few_shot_and_base_to_novel_validate_with_two_drawn_views_the_others_with_the_centre(
    name: str, temporal: int, mode: str
) -> None:
    views = load_protocol(name).validation_views
    assert (views.temporal, views.spatial, views.mode) == (temporal, 1, mode)


def test_the_number_of_the_chosen_weights_is_the_best_of_the_validations(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    views = {"split": "test", "views": "test", "epochs": "all"}
    job = training_job(world, protocol=protocol(validation=views, test_last=True, epochs=4))
    train(job)
    history = pd.read_csv(job.folder / "history.csv")
    subject = Subject(
        "run",
        job.method,
        job.backbone,
        job.folder / "weights.safetensors",
        job.folder,
        job.protocol.frames,
        job.protocol.seed,
        job.machine,
    )
    tests = [
        EvaluationJob(
            name=name,
            split=job.validation_list,
            classes=world / "splits" / "classes" / "all.csv",
            frames=world / "frames",
            we=False,
            views=job.protocol.views,
            out=tmp_path / f"{name}.parquet",
            last=name == "last",
        )
        for name in ("best", "last")
    ]
    evaluate(subject, tests)
    found = json.loads((job.folder / "metrics.json").read_text())["evaluations"]
    assert found["best"]["top1"] == pytest.approx(history["val_top1"].max(), abs=1e-9)
    assert found["last"]["top1"] == pytest.approx(history["val_top1"].iloc[-1], abs=1e-9)


def test_cells_of_few_shot_and_base_are_tested_where_and_as_they_are_validated() -> None:
    """So that the number of the chosen weights is the best of the validations; novel classes are only tested."""
    paper = load_plan("paper")
    common = load_method("vifi_clip").recipe.source
    trained = [run for run in paper.runs.values() if run.trained and run.protocol in ("few_shot", "base_to_novel")]
    ours = [run for run in trained if paper.method(run.method).recipe.source == common]  # others bring their own way
    assert len(ours) > 300
    for run in ours:
        made = paper.protocol_for(run)
        chosen = [e for e in paper.evaluations(run.name) if e.split == made.validation.split and not e.last]
        assert [(e.views, e.we) for e in chosen] == [(made.validation_views, False)]
        assert made.select.kind == "best" and made.seed == run.seed


def test_views_of_a_test_make_a_training_stale_where_it_is_validated_with_them_and_only_there() -> None:
    def settings(made: Protocol, temporal: int) -> dict[str, object]:
        more = made.model_copy(update={"views": made.views.model_copy(update={"temporal": temporal})})
        return training_settings(load_method("tc_clip"), more, {}, 1024, True)

    assert settings(load_protocol("few_shot"), 2) != settings(load_protocol("few_shot"), 3)
    assert settings(load_protocol("zero_shot"), 2) == settings(load_protocol("zero_shot"), 3)
    mini = load_plan("mini").protocol("few_shot")
    assert settings(mini, 2) == settings(mini, 3)
