"""Where a video's context tokens come from (Fig. 6): what an evaluation keeps of it, and its picture."""

import dataclasses

import numpy as np
import pytest
from tiny_world import machine, make_world
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.data.clips.views import frames_of, views_of
from tcclip.data.videos.frames import FrameStore
from tcclip.errors import UserError
from tcclip.evaluation import EvaluationJob, Subject, evaluate
from tcclip.params import load_method
from tcclip.params.kinds.make import make
from tcclip.params.protocol import Views
from tcclip.plan import layout, load_plan
from tcclip.reporting.token_figure import draw_tokens, film_strip, paint
from tcclip.stages import evaluate as evaluate_stage
from tcclip.stages import train

RUN = "few_shot-ssv2-k2-tc_clip-s1024"
TWO = Views(temporal=2, spatial=1, mode="paper")
SEGMENTS = make(load_method("tc_clip").sampling)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def evaluated(world, name, **changes):
    """The folder of an untrained tc_only's predictions on the tiny world's test split."""
    method = load_method("tc_only", {"tc.k": 4, "tc.alpha": 0.25, **changes}).model_copy(update={"train": False})
    folder = world / "runs" / name
    subject = Subject(name, method, world / "backbone", None, folder, 4, 5, machine())
    splits, out = world / "splits", folder / "predictions" / "e.parquet"
    job = EvaluationJob("e", splits / "test.csv", splits / "classes" / "all.csv", world / "frames", False, TWO, out)
    evaluate(subject, [job])
    return out.parent


def test_every_seed_is_a_patch_of_its_frame_and_every_context_token_has_a_seed(world):
    content = np.load(evaluated(world, "traced", **{"tc.trace": True}) / "e.npz")
    videos, frames, seeds = content["seed"].shape
    assert (videos, frames, seeds) == (len(content["video"]), 4, 4)
    assert all(len(set(frame)) == seeds for video in content["seed"].tolist() for frame in video)
    assert all(set(video.flat) == set(range(4)) for video in content["token"])


def test_the_frames_are_those_of_the_first_view(world):
    content = np.load(evaluated(world, "traced", **{"tc.trace": True}) / "e.npz")
    first = views_of(TWO)[0]
    store = FrameStore(world / "frames")
    for video, frames in zip(content["video"].tolist(), content["frame"], strict=True):
        assert np.array_equal(frames, frames_of(SEGMENTS, first, TWO, video, store.frames(video), 4, seed=5))


def test_a_method_without_trace_keeps_nothing(world):
    assert [path.name for path in evaluated(world, "plain").iterdir()] == ["e.parquet"]


def test_seeds_of_a_token_get_one_colour_and_other_patches_are_dimmed():
    clip = np.full((1, 4, 4, 3), 0.5, dtype=np.float32)
    painted = paint(clip, np.array([[0, 3]], dtype=np.int16), np.array([[1, 1]], dtype=np.int16), patch=2)
    assert np.array_equal(painted[0, :2, :2], painted[0, 2:, 2:])
    assert not np.allclose(painted[0, 0, 0], 0.5) and np.allclose(painted[0, 0, 2], 0.5 * 0.45)
    assert len([axis for axis in film_strip(painted, [7], "a video").axes if axis.get_visible()]) == 1


def test_trace_makes_evaluations_stale_and_no_training():
    plan = load_plan("mini")
    run = plan.run("few_shot-ssv2-k2-tc_clip-s1024")
    traced = dataclasses.replace(plan)
    method = plan.method("tc_clip")
    changed = method.model_copy(update={"tc": method.tc.model_copy(update={"trace": True})})
    object.__setattr__(traced, "method", lambda name: changed)
    assert train.depends_on(plan, run.name).settings == train.depends_on(traced, run.name).settings
    assert evaluate_stage.depends_on(plan, run.name).settings != evaluate_stage.depends_on(traced, run.name).settings


def test_without_a_trace_the_error_says_what_to_set(tmp_path, monkeypatch):
    plan = load_plan("mini")
    monkeypatch.setattr(layout, "token_trace", lambda *_: tmp_path / "none.npz")
    once = rf"`tcclip evaluate {RUN} --set tc\.trace=true` writes it, and then give --set tc\.trace=true here as well"
    with pytest.raises(UserError, match=once + r"; or set tc\.trace to true in params/methods/tc_clip\.yaml"):
        draw_tokens(plan, RUN, "ssv2-test1-2x1", "5", tmp_path / "x.png")


def test_of_a_run_beside_it_the_command_asks_for_the_file_that_its_evaluation_writes():
    asked = ["token-figure", RUN, "ssv2-test1-2x1", "5", "--set", "tc.trace=true", "--suite", "mini"]
    told = " ".join(CliRunner().invoke(app, asked).output.split())
    assert f"runs/mini/{RUN}+tc.trace=true/predictions/ssv2-test1-2x1.npz is not there" in told
    assert f"`tcclip evaluate {RUN} --set tc.trace=true` writes it" in told


@pytest.mark.parametrize("command", ["token-figure", "sources"])
def test_the_command_has_a_clear_name_and_answers_to_its_earlier_one(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "which patches a video's context tokens are made of" in " ".join(shown.output.split())
