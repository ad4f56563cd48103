"""A whole training on a tiny backbone: what it reads, what it writes, and that it repeats itself."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file
from tiny_world import SYSTEMS, label_of, machine, make_world, protocol, same, training_job, weights

from tcclip.data.clips.training import TrainingClips
from tcclip.data.videos.frames import FrameStore
from tcclip.errors import UserError
from tcclip.plan.layout import LAST
from tcclip.training import TrainingJob, train
from tcclip.training.batches import load, micro_batches, remaining
from tcclip.training.budget import Budget
from tcclip.training.loop import finish_epoch, validated
from tcclip.training.setup import prepare
from tcclip.training.state import Progress, Sums

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def table(text: str, job: TrainingJob, name: str) -> TrainingJob:
    """The job with another training list."""
    path = job.folder.parent / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return dataclasses.replace(job, train_list=path)


def test_a_run_folder_has_weights_history_params_environment_and_summary_and_no_resume_state(undisturbed):
    folder = undisturbed.folder
    assert {path.name for path in folder.iterdir()} == {
        "weights.safetensors",
        "history.csv",
        "params.yaml",
        "environment.json",
        "training.json",
    }
    history = pd.read_csv(folder / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2]
    assert history["step"].tolist() == [3, 6, 9]
    summary = json.loads((folder / "training.json").read_text())
    assert summary["last"]["val_top1"] == history["val_top1"].iloc[-1]
    assert summary["best"]["val_top1"] == history["val_top1"].max()
    assert summary["videos"]["used"] == 13
    params = yaml.safe_load((folder / "params.yaml").read_text())
    assert params["method"]["tc"]["k"] == 4
    assert params["protocol"]["lr"] == 1e-3


def test_weights_have_canonical_names_and_no_token_table(undisturbed):
    names = weights(undisturbed).keys()
    assert {"visual.proj", "tc.1.local_global_bias", "vp.prompt_vectors", "logit_scale"} <= names
    assert "token_embedding.weight" not in names


def test_the_same_run_twice_gives_bit_identical_weights_and_history(world, undisturbed):
    again = training_job(world, "again")
    train(again)
    assert same(weights(undisturbed), weights(again))
    columns = ["epoch", "step", "lr", "loss", "train_top1", "val_top1"]
    first, second = (pd.read_csv(job.folder / "history.csv")[columns] for job in (undisturbed, again))
    assert first.equals(second)


def test_loader_workers_do_not_change_the_weights(world, undisturbed):
    job = training_job(world, "workers", machine=machine(loader_workers=2))
    train(job)
    assert same(weights(undisturbed), weights(job))


def test_another_seed_gives_other_weights(world, undisturbed):
    job = training_job(world, "seed", seed=6)
    train(job)
    assert not same(weights(undisturbed), weights(job))


def test_the_first_optimizer_step_changes_nothing_because_its_rate_is_zero(world, monkeypatch):
    job = training_job(world, "first", protocol=protocol(epochs=2, total_batch=12, select="last"))
    before = {name: p.detach().clone() for name, p in prepare(job).parameters.items()}
    seen: list[bool] = []
    step = torch.optim.AdamW.step

    def watch(optimizer, *arguments, **others):
        result = step(optimizer, *arguments, **others)
        values = [p for group in optimizer.param_groups for p in group["params"]]
        initial = [p for name, p in before.items() if not name.startswith("vp.")]
        initial += [p for name, p in before.items() if name.startswith("vp.")]
        seen.append(all(torch.equal(a, b) for a, b in zip(values, initial, strict=True)))
        return result

    monkeypatch.setattr(torch.optim.AdamW, "step", watch)
    train(job)
    assert seen == [True, False]


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_batches(world, workers):
    setup = prepare(training_job(world))
    samples = list(remaining(setup.budget, 13, 2, 5, 0, 0))
    for ours, theirs in zip(
        load(setup.clips, iter(samples), 0, CPU), load(setup.clips, iter(samples), workers, CPU), strict=True
    ):
        assert ours.videos == theirs.videos
        assert torch.equal(ours.clips, theirs.clips)
        assert torch.equal(ours.labels, theirs.labels)


def test_a_clip_depends_on_seed_epoch_and_video_but_not_on_its_place_in_the_list(world):
    job = training_job(world)
    store = FrameStore(job.frames)
    videos = [(f"train{i}", label_of(f"train{i}")) for i in range(13)]
    ahead, back = (TrainingClips(store, v, job.method, 4, 32, True, 5) for v in (videos, videos[::-1]))
    assert torch.equal(ahead[0, 3][0], back[0, 9][0])
    assert not torch.equal(ahead[0, 3][0], ahead[1, 3][0])
    assert not torch.equal(ahead[0, 3][0], dataclasses.replace(ahead, seed=6)[0, 3][0])


def test_every_epoch_is_a_permutation_without_the_incomplete_last_micro_batch():
    first, second = (micro_batches(14, 4, seed=1, epoch=epoch) for epoch in (0, 1))
    for batches in (first, second):
        assert [len(batch) for batch in batches] == [4, 4, 4]
        assert len({position for batch in batches for position in batch}) == 12
    assert first != second


def test_the_incomplete_tail_of_accumulation_is_discarded():
    length = Budget(epochs=2, warmup_epochs=0, iterations=7, accumulation=3)
    batches = list(remaining(length, 29, 4, seed=1, epoch=0, step=0))
    assert [epoch for ((epoch, _), *_) in batches] == [0] * 6 + [1] * 6
    assert list(remaining(length, 29, 4, seed=1, epoch=1, step=1)) == batches[9:]


def test_a_row_of_history_is_of_what_its_epoch_has_seen_and_of_equal_epochs_the_first_is_best(world, monkeypatch):
    setup = prepare(training_job(world, protocol=protocol(total_batch=4, micro_batch=2)))  # 3 steps of 13 videos
    found, progress = iter([40.0, 60.0, 60.0]), Progress()
    monkeypatch.setattr("tcclip.training.loop.validate", lambda *_: next(found))
    for _ in range(3):
        progress.sums = Sums(loss=12.0, correct=3, videos=12, seconds=3.0, waited=0.6, rate=1e-3)
        finish_epoch(setup, progress, 10.0, lambda: None)
    assert (progress.best_top1, progress.best_epoch, progress.epoch, progress.step) == (60.0, 1, 3, 0)
    times = {"seconds": 3.0, "videos_per_s": 4.0, "data_wait_share": 0.2}
    row = {"epoch": 2, "step": 9, "lr": 1e-3, "loss": 2.0, "train_top1": 25.0, "val_top1": 60.0, **times}
    assert progress.history[2] == row and progress.sums == Sums()


def test_clips_are_drawn_by_the_runs_seed_and_views_of_a_validation_by_the_protocols_as_those_of_a_test(world):
    setup = prepare(training_job(world, protocol=protocol(seeds=[7]), seed=9))
    assert (setup.clips.seed, setup.validation.seed) == (9, 7)
    tested = {"views": {"temporal": 2, "spatial": 3, "mode": "paper"}, "seeds": [7]}
    for views, shown in (("centre", (1, 1)), ("test", (2, 3))):
        validation = {"split": "test", "epochs": "all", "views": views}
        found = prepare(training_job(world, protocol=protocol(**tested, validation=validation))).validation.views
        assert (found.temporal, found.spatial) == shown


@pytest.mark.parametrize(("select", "epochs"), [("best", [0, 2]), ("last", [0])])
def test_the_last_epoch_is_validated_where_the_best_is_kept(world, select, epochs):
    job = training_job(world, protocol=protocol(select=select, validation={"split": "test", "epochs": [0]}))
    assert [epoch for epoch in range(3) if validated(job, epoch)] == epochs


def test_best_keeps_the_first_best_epochs_weights_and_last_the_last_ones(world, undisturbed):
    job = training_job(world, "last", protocol=protocol(select="last"))
    train(job)
    summary = json.loads((job.folder / "training.json").read_text())
    assert summary["selected"]["epoch"] == 2
    best = json.loads((undisturbed.folder / "training.json").read_text())
    assert best["selected"] == {"rule": "best", **best["best"]}
    assert same(weights(job), weights(undisturbed)) == (best["best"]["epoch"] == 2)


def test_both_are_kept_where_the_protocol_tests_both(world, undisturbed):
    job = training_job(world, "both", protocol=protocol(test_last=True))
    train(job)
    alone = training_job(world, "alone", protocol=protocol(select="last", test_last=True))
    train(alone)
    assert same(load_file(job.folder / LAST), weights(alone)) and same(weights(job), weights(undisturbed))
    assert not (undisturbed.folder / LAST).exists() and not (alone.folder / LAST).exists()
    train(dataclasses.replace(job, protocol=protocol()))
    assert not (job.folder / LAST).exists()  # nor one of before


def test_broken_and_missing_videos_are_skipped_with_a_count_and_never_replaced(tmp_path, capsys):
    world = make_world(tmp_path, broken=("train3",))
    job = training_job(world, max_missing=0.2)
    train(table(job.train_list.read_text() + "nowhere,1\n", job, "more"))
    assert "1 broken and 1 missing of 14 videos are skipped" in capsys.readouterr().err
    videos = json.loads((job.folder / "training.json").read_text())["videos"]
    assert (videos["used"], videos["listed"], videos["broken"], videos["missing"]) == (12, 14, 1, 1)


def test_an_empty_split_is_one_clear_sentence(world):
    with pytest.raises(UserError, match=r"none\.csv lists no videos"):
        train(table("video,label\n", training_job(world, "empty"), "none"))


def test_a_label_without_a_class_is_refused_with_its_video(world):
    with pytest.raises(UserError, match="label of video train1 is not one of the 3 classes"):
        train(table("video,label\ntrain0,0\ntrain1,3\n", training_job(world, "label"), "wrong"))


def test_too_few_videos_for_one_optimizer_step_is_an_error_that_names_the_key(world):
    job = training_job(world, "few", protocol=protocol(total_batch=16))
    with pytest.raises(UserError, match="13 usable videos, fewer than one optimizer step of 16: lower total_batch"):
        train(job)


def test_a_loss_that_is_not_finite_stops_with_the_batchs_videos_and_writes_no_weights(world, monkeypatch):
    monkeypatch.setattr(
        "tcclip.training.objective.soft_ce.soft_ce", lambda logits, targets: logits.sum() * float("nan")
    )
    job = training_job(world, "nan")
    with pytest.raises(UserError, match=r"loss became nan in epoch 1 on videos train\d+, train\d+: .*lower lr"):
        train(job)
    assert not (job.folder / "weights.safetensors").exists()


def test_trained_weights_that_no_gradient_reaches_are_an_error_that_names_one(world, monkeypatch):
    monkeypatch.setattr("tcclip.training.objective.soft_ce.SoftCrossEntropy.end", lambda self, shared: None)
    with pytest.raises(
        UserError, match=r"^method vifi_clip: no gradient arrives at \S+ and \d+ more, .* close the step in `end`"
    ):
        train(training_job(world, "untouched", "vifi_clip"))


@pytest.mark.parametrize(
    ("method", "precision"), [("tc_clip", "bf16"), ("tc_clip", "fp16"), *((name, "bf16") for name in SYSTEMS)]
)
def test_mixed_precision_trains_with_float32_weights(world, method, precision):
    job = training_job(world, f"{method}-{precision}", method, machine=machine(precision=precision))
    train(job)
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in weights(job).values())


def test_a_training_may_start_from_another_runs_weights(world, undisturbed):
    initial = undisturbed.folder / "weights.safetensors"
    job = training_job(world, "from-another", initial=initial)
    start = dict(prepare(job).model.named_parameters())
    assert all(torch.equal(start[name], tensor) for name, tensor in weights(undisturbed).items())
    train(job)
    assert yaml.safe_load((job.folder / "params.yaml").read_text())["data"]["initial"] == str(initial)
    assert not same(weights(job), weights(undisturbed))


def test_new_weights_start_by_the_seed_and_clips_as_they_are(world):
    first, again, other = (
        dict(prepare(training_job(world, f"of-seed-{seed}", seed=seed)).model.named_parameters()) for seed in (1, 1, 2)
    )
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    drawn = {name for name in first if not torch.equal(first[name], other[name])}
    assert drawn == {name for name in first if name.endswith("local_global_bias")}


def test_weights_of_another_architecture_are_no_start(world, undisturbed):
    with pytest.raises(UserError, match="does not fit a training that starts from it"):
        prepare(training_job(world, "odd", "vifi_clip", initial=undisturbed.folder / "weights.safetensors"))
    with pytest.raises(UserError, match="`tcclip train nowhere` makes it"):
        prepare(training_job(world, "odd", initial=world / "runs/nowhere/weights.safetensors"))


def test_params_yaml_says_how_the_machine_was_used_and_nothing_of_the_cluster(undisturbed):
    text = (undisturbed.folder / "params.yaml").read_text()
    assert text.endswith(
        "machine:\n  threads: 1\n  loader_workers: 0\n  precision: fp32\n  eval_batch: 8\n  checkpoint: false\n"
    )
