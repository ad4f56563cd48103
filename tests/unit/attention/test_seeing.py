"""What people are shown: context tokens and their tracks, pictures and films, and Figure 3a's measures."""

import shutil
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from PIL import Image
from small_models import CLASSES, small
from tiny_world import evaluation, make_world
from typer.testing import CliRunner

from tcclip.attention.opened_run import Clip, Opened, even_clip, open_model
from tcclip.attention.reading import AttentionReading, SeenClip, caption, look_at
from tcclip.attention.spread import COLUMNS, patches_of, spread_by_frames
from tcclip.attention.tokens import ContextTokens, context_tokens
from tcclip.cli.app import app
from tcclip.data.clips.sampling.segments import tsn_center
from tcclip.data.videos.frames import FrameStore
from tcclip.errors import UserError
from tcclip.mini.cameras import ROLES
from tcclip.mini.scenes import named_clip, stream
from tcclip.params import load_method
from tcclip.plan import layout, load_plan
from tcclip.reporting.attention_figure import in_lines, moment, nearest, sheet_of, still, write_attention
from tcclip.reporting.context_figure import joins, regions, spotlight, write_context
from tcclip.reporting.overlay import relative
from tcclip.stages.opening import class_of


def opened(method="tc_clip", frames=4):
    model = small(method, {"tc.k": 5, "tc.alpha": 0.5} if method.startswith("tc") else None)
    return Opened(f"few_shot-x-{method}-s1", model, load_method(method), tuple(CLASSES), frames, 32, "fp32")


def clip(frames=4):
    pictures = np.random.default_rng(0).integers(0, 255, (frames, 32, 32, 3), dtype=np.uint8)
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 128 - 1
    return Clip(np.arange(frames) * 3, pictures, pixels, (32, 32))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def made_of(*tokens):
    """Tokens of two frames of four patches, each the list of its (frame, patch)."""
    shares = np.zeros((len(tokens), 2, 4), dtype=np.float32)
    for token, patches in enumerate(tokens):
        for place in patches:
            shares[(token, *place)] = 1 / len(patches)
    pictures = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    return ContextTokens("run", Clip(np.array([2, 6]), pictures, torch.empty(0), (4, 4)), shares, 3)


def test_auto_is_the_token_that_joins_most_frames_and_then_the_one_of_most_patches():
    tokens = made_of([(0, 0), (0, 1), (0, 2)], [(0, 3), (1, 0)], [(1, 1), (1, 2), (0, 3)])
    assert tokens.chosen("auto") == 2 and tokens.frames_of(2) == [0, 1] and tokens.frames_of(0) == [0]
    assert tokens.chosen(0) == 0
    with pytest.raises(UserError, match="token must be auto or 0 to 2"):
        tokens.chosen(3)
    assert tokens.owner.tolist() == [[0, 0, 0, 1], [1, 2, 2, -1]] and tokens.seeds.sum() == 7


def test_a_region_is_the_mean_of_its_tokens_pixels_and_other_patches_are_pale():
    tokens = made_of([(0, 0), (1, 3)])
    picture = tokens.clip.pictures / np.float32(255)
    painted = regions(picture, tokens)
    mean = np.concatenate([picture[0, :2, :2].reshape(-1, 3), picture[1, 2:, 2:].reshape(-1, 3)]).mean(axis=0)
    assert np.allclose(painted[0, :2, :2], mean) and np.allclose(painted[1, 2:, 2:], mean)
    assert painted[0, :2, 2:].min() > 0.5
    assert np.array_equal(spotlight(picture, tokens.seeds)[0, :2, :2], picture[0, :2, :2])


def test_a_run_has_its_context_tokens():
    found = context_tokens(opened(), clip())
    assert found.shares.shape == (5, 4, 16) and np.allclose(found.shares.sum(axis=(1, 2)), 1) and found.layer == 3
    assert (found.seeds.sum(axis=1) == 8).all()
    assert context_tokens(opened(), clip(), layer=1).layer == 1
    with pytest.raises(UserError, match="has no context tokens"):
        context_tokens(opened("vifi_clip"), clip())
    with pytest.raises(UserError, match="layers 1, 2 do"):
        context_tokens(opened("tc_only"), clip(), layer=3)


def test_the_last_tokens_are_those_that_the_model_says_it_used():
    run = opened()
    with torch.no_grad():
        used = run.model.eval().encode_video(clip().pixels[None])
    owner = context_tokens(run, clip()).owner
    assert np.array_equal(np.take_along_axis(owner, used.seeds[0].numpy(), 1).ravel(), used.group[0].numpy())


def test_what_a_run_sees_is_shared_out_over_patches_and_the_rest():
    seen = [look_at(opened(name), clip(), AttentionReading()) for name in ("tc_clip", "vifi_clip")]
    assert all(np.isclose(each.patches.sum() + each.other, 1) for each in seen)
    assert np.isclose(relative(seen[0].patches).mean(), 1)
    assert sorted(name for name, _ in seen[0].predictions) == sorted(CLASSES)
    assert np.isclose(sum(share for _, share in seen[0].predictions), 1)
    says = caption(AttentionReading(of_class="brush_hair"), "a.mp4", seen, truth="juggling")
    runs = "of few_shot-x-tc_clip-s1 and few_shot-x-vifi_clip-s1 in a.mp4 (class juggling)"
    assert all(word in says for word in ("'brush_hair'", runs, "T = 4 frames of 16 patches")) and "nearest" not in says
    asked = look_at(opened(), clip(), AttentionReading(of_class="Brush hair"))
    assert np.isclose(asked.patches.sum() + asked.other, 1) and not np.allclose(asked.patches, seen[0].patches)
    with pytest.raises(UserError, match="'juggling' is none of the 3 classes"):
        look_at(opened(), clip(), AttentionReading(of_class="juggling"))


@pytest.mark.parametrize("suffix", [".png", ".gif", ".mp4"])
def test_pictures_and_films_are_written(tmp_path, suffix):
    seen = [look_at(opened(name, frames=2), clip(frames=2), AttentionReading()) for name in ("tc_clip", "vifi_clip")]
    write_attention(seen, AttentionReading(), "a.mp4", "brush_hair", out := tmp_path / f"a{suffix}")
    if suffix == ".mp4":
        with av.open(str(out)) as film:
            assert sum(1 for _ in film.decode(video=0)) == 2
    else:
        with Image.open(out) as picture:
            assert getattr(picture, "n_frames", 1) == (2 if suffix == ".gif" else 1) and picture.width >= 600
            carried = picture.info["comment"].decode() if suffix == ".gif" else picture.info["Description"]
            assert carried == caption(AttentionReading(), "a.mp4", seen, "brush_hair")


def test_a_film_has_the_scale_of_its_colours_and_keeps_its_ends(tmp_path):
    seen = look_at(opened(frames=2), clip(frames=2), AttentionReading())
    sheet = sheet_of([seen], AttentionReading(), "a.mp4", None)
    *_, scale = moment(sheet, 0).axes
    assert [label.get_text() for label in scale.get_xticklabels()] == ["0", "mean", f"{sheet.end:.1f} x"]
    write_attention([seen], AttentionReading(), "a.mp4", None, out := tmp_path / "a.gif")
    with Image.open(out) as film:
        pixels = np.asarray(film.convert("RGB")).astype(int).reshape(-1, 3)
    for end in ((68, 1, 84), (253, 231, 36)):  # of viridis
        assert np.abs(pixels - end).max(axis=1).min() < 20


def seen_at(*numbers, name="run"):
    """What a run sees of frames of these numbers, as evenly as can be."""
    its = clip(len(numbers))._replace(numbers=np.array(numbers))
    patches = np.full((len(numbers), 16), 0.01, dtype=np.float32)
    return SeenClip(name, its, patches, 0.2, [("Brush hair", 0.7), ("juggling", 0.3)])


def test_runs_of_another_t_show_the_frames_nearest_to_the_first_runs_and_number_them():
    rows = [seen_at(2, 7, name="short"), seen_at(1, 3, 5, 7, name="long")]
    sheet = sheet_of(rows, AttentionReading(), "a.mp4", "brush_hair")
    assert [nearest(rows[1].clip, rows[0].clip, at) for at in (0, 1)] == [0, 3]
    assert [nearest(rows[0].clip, rows[0].clip, at) for at in (0, 1)] == [0, 1]
    first, second = ([text.get_text() for text in axis.texts] for axis in still(sheet).axes[4:6])
    assert "frame 1" in first and second == []
    assert [text.get_text() for text in moment(sheet, 0).axes[2].texts] == ["frame 1"]
    assert sheet.caption.endswith("the nearest frames are shown, with their numbers.")
    repeated = seen_at(0, 0, 1, 1).clip
    assert [nearest(repeated, repeated, at) for at in range(4)] == [0, 1, 2, 3]


def test_the_right_class_is_marked_however_it_is_written():
    drawn = still(sheet_of([seen_at(2, 7)], AttentionReading(), "a.mp4", "brush_hair"))
    texts = [text.get_text() for axis in drawn.axes for text in axis.texts]
    assert any("70% Brush hair ✓\n30% juggling" in text for text in texts)


def test_the_picture_of_context_tokens_is_written(tmp_path):
    found = context_tokens(opened(), clip())
    assert write_context(found, "a.mp4", None, "auto", tmp_path / "c.png") == found.chosen("auto")
    with Image.open(tmp_path / "c.png") as picture:
        assert picture.width > 1000 and f"of run {found.name} in a.mp4" in picture.info["Description"]


def test_a_token_that_has_lost_all_of_its_seeds_joins_no_frames():
    tokens = made_of([], [(0, 0), (1, 2)])
    assert joins(tokens, 1) == "joins frames 2, 6"
    assert joins(tokens, 0) == "joins no frames: its cluster has lost all of its seeds"


def test_a_long_name_ends_its_lines_between_parts():
    assert in_lines("few_shot-hmdb51-k16-vifi_clip-s1024") == ["few_shot-hmdb51-k16-", "vifi_clip-s1024"]
    assert in_lines("a_name_of_more_letters_than_a_line-s1") == ["a_name_of_more_letters_than_a_line-", "s1"]


def test_an_evaluations_subject_is_opened_with_its_classes_and_sees_the_middles_of_equal_parts(world):
    subject, [job] = evaluation(world, "untrained")
    run = open_model(replace(subject, device="cpu"), job.classes, {})
    assert run.classes == ("red ball", "green star", "blue square") and run.label("GreenStar") == 1
    store = FrameStore(world / "frames")
    found = even_clip(run, store, "test1")
    assert np.array_equal(found.numbers, tsn_center(store.frames("test1"), 4))
    assert found.pictures.shape == (4, 32, 32, 3) and found.pixels.shape == (4, 3, 32, 32)


def test_the_class_of_a_suites_video_is_known_by_its_file_and_by_its_name_in_a_dataset(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    name = plan.suite.dataset("hmdb51")
    shutil.copytree(world / "frames", layout.frames(name))
    for split in plan.dataset("hmdb51").all_splits:
        layout.split(name, split).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(world / "splits" / "test.csv", layout.split(name, split))
        layout.class_file(plan.dataset("hmdb51"), split).parent.mkdir(exist_ok=True)
        shutil.copy(world / "splits" / "classes" / "all.csv", layout.class_file(plan.dataset("hmdb51"), split))
    file = layout.raw(name) / "videos" / "test0.mp4"
    assert class_of(plan, "test0", "hmdb51") == class_of(plan, str(file)) == "red ball"
    assert class_of(plan, "test0", "hmdb51", "test2") == class_of(plan, str(file), "hmdb51") == "red ball"
    assert class_of(plan, "test0") is None and class_of(plan, "test0", "ucf101") is None
    assert class_of(plan, "test0.mp4") is None and class_of(plan, "train0", "hmdb51") is None
    layout.split(name, "test1").unlink()
    assert class_of(plan, "test0", "hmdb51", "test1") == "red ball"


@pytest.mark.parametrize(
    ("command", "options", "says"),
    [
        ("attention", ["--out", "a.bmp"], "--out must end with"),
        ("attention", ["--class", "x", "--layer", "2"], "give one of them"),
        ("attention", ["--heads", "all"], "heads must be max, mean, min"),
        ("context-tokens", ["--out", "a.gif"], "--out must end with .png, .pdf (got 'a.gif')"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(command, options, says):
    shown = CliRunner().invoke(app, [command, "a.mp4", "--run", "r", *options])
    assert shown.exit_code == 1 and says in shown.output


def test_a_mini_clips_object_is_where_the_picture_is_another_one_without_it():
    clear = replace(ROLES["ucf101"].camera, noise=(0, 0), light=0, haze=(0, 0), soft=0, distractors=(0, 0))
    frames = named_clip("RedStar", clear, stream(3), stream(4)).frames().astype(int)
    objects = named_clip("RedStar", clear, stream(3), stream(4)).objects_at()
    red = (frames[..., 0] > 150) & (frames[..., 1] < 80) & (frames[..., 2] < 80)
    assert objects.shape == frames.shape[:3] and (red & objects).sum() > 0.9 * red.sum()
    assert 0.01 < objects.mean() < 0.3


def test_even_attention_has_full_entropy_and_misses_the_object_as_often_as_its_area(world):
    run, store = opened("vifi_clip"), FrameStore(world / "frames")
    with torch.no_grad():
        for name, weight in run.model.named_parameters():
            if name.startswith("visual") and name.endswith(("in_proj_weight", "in_proj_bias")):
                weight[: 2 * len(weight) // 3] = 0
    left = np.zeros((store.frames("test1"), 40, 48), dtype=bool)
    left[:, :, :24] = True
    table = spread_by_frames([run], store, {"test1": lambda: left}, [2, 4])
    assert tuple(table.columns) == COLUMNS and table["frames"].tolist() == [2, 4]
    assert np.allclose(table["tokens"], 17) and np.allclose(table["evenness"], 1) and np.allclose(table["area"], 0.5)
    assert np.allclose(table["outside"], 0.5) and np.allclose(table["outside_rollout"], 0.5)
    assert patches_of(run, even_clip(run, store, "test1"), left)[0].reshape(4, 4).tolist() == [[1, 1, 0, 0]] * 4
    with pytest.raises(UserError, match="leave run few_shot-x-x_clip-s1 or 2 frames out of the figure's `spread`"):
        spread_by_frames([opened("x_clip")], store, {"test1": lambda: left}, [2])
