"""Where learned vectors belong to the classes of a training, other classes are tested by their bare names."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from tiny_world import machine, make_world, protocol, training_job

from tcclip.data.clips.testing import ViewClips
from tcclip.data.splits.split_tables import read_classes
from tcclip.data.videos.frames import FrameStore
from tcclip.evaluation import EvaluationJob, Subject, evaluate
from tcclip.evaluation.predict import predict
from tcclip.models import Backbone, build, load_canonical
from tcclip.params import load_method
from tcclip.params.protocol import Views
from tcclip.training import train

METHOD = load_method("vita_clip", {"text.n_ctx": 2, "vision.n_global": 2, "sampling.stride": 2})
ONE = Views(temporal=1, spatial=1, mode="paper")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    world = make_world(tmp_path_factory.mktemp("world"))
    classes = world / "splits" / "classes"
    (classes / "others.csv").write_text((classes / "all.csv").read_text().replace("red ball", "swim"))
    job = training_job(world, method=METHOD, protocol=protocol(epochs=2, validation={"split": "test", "epochs": []}))
    train(job)
    weights = job.folder / "weights.safetensors"
    return Subject("run", METHOD, job.backbone, weights, job.folder, 4, 5, job.machine, trained_on=classes / "all.csv")


def evaluated(trained: Subject, classes: str, we: bool = False) -> np.ndarray:
    """The scores (videos, C) of an evaluation on a class list."""
    splits, name = trained.folder.parents[1] / "splits", f"{classes}-{we}"
    frames, out = splits.parent / "frames", trained.folder / f"{name}.parquet"
    evaluate(
        trained, [EvaluationJob(name, splits / "test.csv", splits / "classes" / f"{classes}.csv", frames, we, ONE, out)]
    )
    assert json.loads((trained.folder / "metrics.json").read_text())["evaluations"][name]["n_videos"] == 7
    table = pd.read_parquet(out)
    return np.array([s[np.argsort(c)] for c, s in zip(table["top5_classes"], table["top5_scores"], strict=True)])


def scores(trained: Subject, classes: str, bare: bool) -> np.ndarray:
    """Those of a model that is filled by hand."""
    world = trained.folder.parents[1]
    names = read_classes(world / "splits" / "classes" / f"{classes}.csv")
    model = build(METHOD.on_other_classes() if bare else METHOD, Backbone.load(trained.backbone), names, 4)
    assert trained.weights is not None
    tuned = load_file(trained.weights)
    load_canonical(model, {name: tuned[name] for name, _ in model.named_parameters()}, trained_only=True)
    clips = ViewClips(FrameStore(world / "frames"), [f"test{i}" for i in range(7)], ONE, 4, 32, METHOD, seed=5)
    found: np.ndarray = predict(model, clips, machine(eval_batch=8), torch.device("cpu"))
    return found


def test_the_trainings_classes_have_their_vectors_and_others_bare_names(trained: Subject) -> None:
    own, others = evaluated(trained, "all"), evaluated(trained, "others")
    assert np.allclose(own, scores(trained, "all", bare=False), atol=1e-6)
    assert np.allclose(others, scores(trained, "others", bare=True), atol=1e-6)
    assert not np.allclose(own, scores(trained, "all", bare=True), atol=1e-3)


def test_of_what_is_tuned_an_ensemble_mixes_the_logit_scale_alone(trained: Subject) -> None:
    assert trained.weights is not None
    tuned, clip = load_file(trained.weights), Backbone.load(trained.backbone).tensors
    changed = {name for name in tuned if name in clip and not torch.equal(tuned[name], clip[name])}
    assert changed == {"logit_scale"}
    for classes in ("all", "others"):
        assert np.array_equal(evaluated(trained, classes).argmax(1), evaluated(trained, classes, we=True).argmax(1))


def test_vectors_of_all_classes_serve_other_classes_too() -> None:
    generic = load_method("vita_clip", {"text.per_class": False})
    assert generic.on_other_classes() is generic
    assert METHOD.on_other_classes().text.kind == "name"
