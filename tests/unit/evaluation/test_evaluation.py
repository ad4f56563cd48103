"""What an evaluation computes and writes: scores over views, weight-space ensembling."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_world import CLASSES, machine, make_world, protocol, training_job

from tcclip.data.clips.testing import ViewClips
from tcclip.data.clips.views import views_of
from tcclip.data.splits.split_tables import Present
from tcclip.data.videos.frames import FrameStore
from tcclip.errors import UserError
from tcclip.evaluation import EvaluationJob, Subject, evaluate
from tcclip.evaluation.predict import predict, probabilities
from tcclip.evaluation.written import entry, write_predictions
from tcclip.models import Backbone, build, ensemble, load_canonical
from tcclip.params import load_method
from tcclip.params.depends import evaluation_settings, machine_settings, training_settings
from tcclip.params.protocol import CENTRE, Views
from tcclip.process.environment import git_state
from tcclip.training import train

CPU = torch.device("cpu")
TWO = Views(temporal=2, spatial=1, mode="paper")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"), broken=("test2",))


@pytest.fixture(scope="module")
def trained(world) -> Subject:
    job = training_job(world, max_missing=0.2)
    train(job)
    weights = job.folder / "weights.safetensors"
    return Subject("run", job.method, job.backbone, weights, job.folder, 4, 5, job.machine)


def job(world: Path, name: str, we: bool = False, views: Views = TWO) -> EvaluationJob:
    splits = world / "splits"
    return EvaluationJob(
        name=name,
        split=splits / "test.csv",
        classes=splits / "classes" / "all.csv",
        frames=world / "frames",
        we=we,
        views=views,
        out=world / "runs" / "run" / "predictions" / f"{name}.parquet",
        max_missing=0.2,
    )


def scores_of(world: Path, model, videos: list[str], views: Views, batch: int = 8, workers: int = 0) -> np.ndarray:
    clips = ViewClips(FrameStore(world / "frames"), videos, views, 4, 32, load_method("vifi_clip"), seed=5)
    return predict(model, clips, machine(eval_batch=batch, loader_workers=workers), CPU)


@pytest.mark.parametrize("method", ["vifi_clip", "x_clip"])
def test_texts_that_no_video_changes_are_finished_once_an_evaluation(world, method):
    model = build(load_method(method), Backbone.load(world / "backbone"), CLASSES, 4)
    entered = []
    for part in (model.transformer.blocks[0].ln_1, model.ln_final):
        part.register_forward_hook(lambda *_: entered.append(1))
    scores_of(world, model, ["test0", "test1", "test3"], TWO, batch=2)
    assert len(entered) == 2


def test_scores_are_the_sum_of_softmax_over_views_whatever_batch_and_workers(world):
    backbone = Backbone.load(world / "backbone")
    model = build(load_method("vifi_clip"), backbone, CLASSES, 4)
    videos = ["test0", "test1", "test3"]
    clips = ViewClips(FrameStore(world / "frames"), videos, TWO, 4, 32, load_method("vifi_clip"), seed=5)
    expected = []
    for video in videos:
        each = [model(clips.clip(video, view)[1][None]).double().softmax(-1) for view in views_of(TWO)]
        expected.append(sum(each)[0].detach().numpy())
    for batch, workers in ((1, 0), (4, 0), (8, 1)):
        scores = scores_of(world, model, videos, TWO, batch, workers)
        assert np.allclose(scores, expected, atol=1e-6)
        assert np.allclose(scores.sum(axis=1), 2)


def test_a_method_may_sum_logits_over_views_and_its_evaluation_does(world, trained):
    tensors = load_file(trained.weights)
    summed = load_method("tc_clip", {"tc.k": 4, "tc.alpha": 0.25, "views.combine": "logits"})
    model = build(summed, Backbone.load(world / "backbone"), CLASSES, 4)
    load_canonical(model, tensors, trained_only=True)
    model.eval()
    clips = ViewClips(FrameStore(world / "frames"), ["test0"], TWO, 4, 32, summed, seed=5)
    with torch.inference_mode():
        expected = sum(model(clips.clip("test0", view)[1][None]).double() for view in views_of(TWO))[0].numpy()
    logits = dataclasses.replace(job(world, "logits"), out=world / "logits.parquet")
    evaluate(dataclasses.replace(trained, method=summed, folder=folder_of(world, trained)), [logits])
    row = pd.read_parquet(logits.out).set_index("video").loc["test0"]
    assert np.allclose(row["top5_scores"], sorted(expected, reverse=True), atol=1e-5)
    assert not np.isclose(sum(row["top5_scores"]), 2)  # probabilities of two views sum to two


def folder_of(world: Path, trained: Subject) -> Path:
    """A folder beside the run's, with what its training said."""
    folder = world / "summed"
    folder.mkdir()
    (folder / "training.json").write_text((trained.folder / "training.json").read_text())
    return folder


def test_evaluations_depend_on_how_views_are_combined_and_trainings_that_validate():
    logits, sums = (load_method("tc_clip", {"views.combine": how}) for how in ("logits", "probabilities"))
    blind = protocol(select="last", validation={"split": "test", "epochs": []})
    key = "method.views.combine"
    for chosen, reads in ((protocol(), True), (protocol(select="last"), True), (blind, False)):
        settings = [training_settings(method, chosen, {}, 5, True) for method in (logits, sums)]
        assert (key in settings[0]) == reads == (settings[0] != settings[1])
    assert evaluation_settings(logits, blind, {}, {"test": TWO}, we=False)[key] == "logits"


def test_only_where_a_score_depends_on_its_batch_do_results_depend_on_how_tests_are_cut_into_batches():
    cut = [machine(eval_batch=2), machine(eval_batch=4), machine(eval_batch=2, gpus=2)]
    one_gpu = machine(eval_batch=2, gpus=1)
    for name, of_batch in (("ost", True), ("tc_clip", False)):
        settings = [machine_settings(each, load_method(name)) for each in (*cut, one_gpu)]
        assert (settings[0] != settings[1]) == of_batch == (settings[2] != settings[3])
        assert all(machine_settings(each) == machine_settings(cut[0]) for each in cut[:2])  # of weights never validated


def test_scores_that_are_no_numbers_make_no_accuracy_but_a_sentence(world, trained, tmp_path):
    tensors = load_file(trained.weights)
    tensors["visual.proj"][0, 0] = torch.nan
    save_file(tensors, tmp_path / "weights.safetensors")
    (tmp_path / "training.json").write_text("{}")
    broken = dataclasses.replace(trained, weights=tmp_path / "weights.safetensors", folder=tmp_path)
    with pytest.raises(UserError, match=r"the scores of .* and of .* more are no finite numbers in fp32: .* lower lr"):
        evaluate(broken, [job(world, "broken")])
    assert not (tmp_path / "metrics.json").exists()


def test_an_evaluation_writes_predictions_and_counts_what_it_could_not_read(world, trained):
    line = evaluate(trained, [job(world, "plain"), job(world, "we", we=True), job(world, "one", views=CENTRE)])
    assert "plain" in line
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    assert metrics["training"]["videos"]["used"] == 13
    assert list(metrics["evaluations"]) == ["one", "plain", "we"]
    plain = metrics["evaluations"]["plain"]
    assert (plain["n_videos"], plain["listed"], plain["broken"], plain["missing"]) == (6, 7, 1, 0)
    assert plain["top5"] == 100
    assert (plain["we"], plain["views"]["temporal"]) == (False, 2)
    table = pd.read_parquet(world / "runs" / "run" / "predictions" / "plain.parquet")
    assert table.columns.tolist() == ["video", "label", "top5_classes", "top5_scores", "correct1", "correct5"]
    assert table["video"].tolist() == [f"test{i}" for i in range(7) if i != 2]
    assert 100 * table["correct1"].mean() == pytest.approx(plain["top1"])
    assert all(sorted(classes) == [0, 1, 2] for classes in table["top5_classes"])
    assert all((np.diff(scores) <= 0).all() for scores in table["top5_scores"])


def test_top1_and_top5_count_the_first_and_the_first_five_of_more_classes(world, tmp_path):
    scores, labels = np.tile(np.arange(7.0, 0, -1), (4, 1)), np.array([0, 4, 5, 0])  # class n has rank n
    part = entry(job(world, "ranks"), Present([], 6, 1, 1), scores, labels, tuple("abcdefg"))
    assert (part["top1"], part["top5"], part["n_videos"], part["listed"]) == (50, 75, 4, 6)
    write_predictions(tmp_path / "ranks.parquet", list("wxyz"), labels, scores)
    table = pd.read_parquet(tmp_path / "ranks.parquet")
    assert table["correct1"].tolist() == [True, False, False, True]
    assert table["correct5"].tolist() == [True, True, False, True]
    assert table["top5_classes"][2].tolist() == [0, 1, 2, 3, 4] and table["top5_scores"][2].tolist() == [7, 6, 5, 4, 3]


def test_probabilities_are_of_float64():
    shares = np.exp([17.0, 0.0, -3.0]) / np.exp([17.0, 0.0, -3.0]).sum()
    np.testing.assert_allclose(probabilities(torch.tensor([[17.0, 0.0, -3.0]])).numpy()[0], shares, rtol=1e-12)


def test_earlier_evaluations_are_kept_only_if_that_is_asked_for_and_new_ones_take_their_place(world, trained, tmp_path):
    path, subject = tmp_path / "metrics.json", dataclasses.replace(trained, folder=tmp_path)
    evaluate(subject, [job(world, "a", we=True), job(world, "b")])
    content = json.loads(path.read_text())
    assert list(content["evaluations"]) == ["a", "b"]
    path.write_text(json.dumps({"evaluations": dict.fromkeys("ab", "earlier")}))
    evaluate(subject, [job(world, "b")], keep=True)
    assert json.loads(path.read_text())["evaluations"] == {"a": "earlier", "b": content["evaluations"]["b"]}
    evaluate(subject, [job(world, "b")])
    assert list(json.loads(path.read_text())["evaluations"]) == ["b"]


def test_the_last_epochs_weights_are_evaluated_where_they_are_asked_for(world, trained, tmp_path):
    tuned = tmp_path / "weights.safetensors"
    zero = {name: torch.zeros_like(value) for name, value in load_file(trained.weights).items()}
    save_file(load_file(trained.weights), tuned)
    (tmp_path / "training.json").write_text("{}")
    subject = dataclasses.replace(trained, weights=tuned, folder=tmp_path)
    both = [job(world, "best"), dataclasses.replace(job(world, "last"), last=True)]
    with pytest.raises(UserError, match=r"last\.safetensors is not there: `tcclip train run` makes it"):
        evaluate(subject, both)
    save_file(zero, tmp_path / "last.safetensors")
    evaluate(subject, both)
    best, last = (top_scores(world / "runs" / "run" / "predictions" / f"{name}.parquet") for name in ("best", "last"))
    assert np.ptp(last, axis=1).max() < 1e-6 < np.ptp(best, axis=1).max()  # all classes are alike to empty weights
    parts = json.loads((tmp_path / "metrics.json").read_text())["evaluations"]
    assert [parts[name]["last"] for name in ("best", "last")] == [False, True]


def test_evaluating_twice_gives_the_same_bytes(world, trained):
    contents = []
    for _ in range(2):
        evaluate(trained, [job(world, "twice")])
        contents.append((world / "runs" / "run" / "predictions" / "twice.parquet").read_bytes())
    assert contents[0] == contents[1]


def test_an_evaluation_names_the_code_and_the_precision_that_made_it(world, trained):
    evaluate(dataclasses.replace(trained, code="c0de", made_by="ed17ed"), [job(world, "named")])
    made = json.loads((trained.folder / "metrics.json").read_text())["evaluations"]["named"]["made_by"]
    told = {"fingerprint": "ed17ed", "code_fingerprint": "c0de", "precision": "fp32"}
    assert made == {**told, "git": git_state()}


def test_an_untrained_method_is_evaluated_with_clips_weights(world, tmp_path):
    subject = Subject("untrained", load_method("vanilla_clip"), world / "backbone", None, tmp_path, 4, 5, machine())
    evaluate(subject, [job(world, "vanilla")])
    assert json.loads((tmp_path / "metrics.json").read_text())["training"] is None
    assert (tmp_path / "environment.json").is_file()


def test_ensemble_share_0_is_clip_and_1_the_tuned_model_for_a_method_without_new_parameters(world, tmp_path):
    backbone = Backbone.load(world / "backbone")
    tuned = {name: value + 0.05 * torch.randn_like(value) for name, value in backbone.tensors.items()}
    del tuned["token_embedding.weight"]
    save_file(tuned, tmp_path / "weights.safetensors")
    (tmp_path / "training.json").write_text("{}")
    scores = {}
    for share in (0.0, 0.7, 1.0):
        method = load_method("vifi_clip", {"we.w": share})
        subject = Subject(
            "run", method, world / "backbone", tmp_path / "weights.safetensors", tmp_path, 4, 5, machine()
        )
        evaluate(subject, [job(world, "we", we=True), job(world, "plain")])
        predictions = world / "runs" / "run" / "predictions"
        scores[share] = top_scores(predictions / "we.parquet")
        plain = top_scores(predictions / "plain.parquet")
    clip = build(load_method("vifi_clip"), backbone, CLASSES, 4)
    videos = [f"test{i}" for i in range(7) if i != 2]
    assert np.allclose(scores[0.0], scores_of(world, clip, videos, TWO), atol=1e-6)
    assert np.array_equal(scores[1.0], plain)
    assert not np.allclose(scores[0.7], scores[1.0])


def top_scores(path: Path) -> np.ndarray:
    """Scores in label order, from a table that has all three classes of every video."""
    table = pd.read_parquet(path)
    rows = zip(table["top5_classes"], table["top5_scores"], strict=True)
    return np.array([[value for _, value in sorted(zip(classes, scores, strict=True))] for classes, scores in rows])


def test_ensemble_share_0_still_keeps_the_tuned_prompts_bias_and_vp_of_tc_clip(world, trained):
    backbone = Backbone.load(world / "backbone")
    model = build(trained.method, backbone, CLASSES, 4)
    load_canonical(model, ensemble(backbone.tensors, load_file(trained.weights), 0.0))
    state, tuned = model.state_dict(), load_file(trained.weights)
    for name, value in tuned.items():
        expected = value if name.startswith(("vp.", "tc.")) else backbone.tensors[name]
        assert torch.allclose(state[name], expected), name


@pytest.mark.parametrize(
    ("method", "overrides"),
    [
        ("vp_only", {}),
        ("vifi_clip-learnable_prompts", {}),
        ("tc_clip-late_fusion", {"tc.k": 4, "tc.alpha": 0.25}),
    ],
)
def test_every_text_mode_trains_and_is_evaluated_with_and_without_the_ensemble(world, tmp_path, method, overrides):
    chosen = load_method(method, overrides)
    training = training_job(world, method, method=chosen.name, folder=tmp_path, max_missing=0.2)
    training = dataclasses.replace(training, method=chosen, protocol=protocol(epochs=2))
    train(training)
    tuned = tmp_path / "weights.safetensors"
    new = {name for name in load_file(tuned) if name.startswith("vp.")}
    assert new
    start = build(chosen, Backbone.load(world / "backbone"), CLASSES, 4).state_dict()
    assert all(not torch.equal(load_file(tuned)[name], start[name]) for name in new)
    subject = Subject(method, chosen, training.backbone, tuned, tmp_path, 4, 5, machine())
    evaluate(subject, [job(world, f"{method}-{we}", we=we) for we in (False, True)])
    parts = json.loads((tmp_path / "metrics.json").read_text())["evaluations"]
    assert [(part["we"], part["n_videos"]) for part in parts.values()] == [(False, 6), (True, 6)]


def test_a_run_without_weights_is_one_clear_sentence(world, tmp_path):
    subject = Subject(
        "few", load_method("vifi_clip"), world / "backbone", tmp_path / "none.safetensors", tmp_path, 4, 5, machine()
    )
    with pytest.raises(UserError, match=r"none\.safetensors is not there: `tcclip train few` makes it"):
        evaluate(subject, [job(world, "plain")])
