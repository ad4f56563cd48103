"""A figure of params/figures/ is put together of its parts, of videos that a rule or a name chooses."""

import shutil

import pandas as pd
import pytest
from PIL import Image
from small_models import CLASSES, small
from tiny_world import make_world

from tcclip.attention.opened_run import Opened
from tcclip.attention.spread import COLUMNS
from tcclip.data.videos.frames import FrameStore
from tcclip.errors import UserError
from tcclip.params import PaperFigure, load_method, load_table
from tcclip.plan import layout, load_plan
from tcclip.reporting.cells import COLUMNS as CELLS
from tcclip.reporting.chosen_videos import choices, ranked
from tcclip.reporting.composed_figure import OF_CLIP, write_figure
from tcclip.reporting.embedding import SMALL, described, write_small
from tcclip.reporting.figure_blocks import note, stacked, wrapped
from tcclip.reporting.paper_figures import paper_figures
from tcclip.reporting.spread_figure import sentence, spread_block

TC, VIFI = (f"few_shot-hmdb51-k16-{name}-s1024" for name in ("tc_clip", "vifi_clip"))
RULE = {"right": TC, "wrong": VIFI, "count": 1}


def figure(name="figure1", **parts):
    head = {"name": name, "title": "A figure", "dataset": "hmdb51", "split": "test1"}
    return PaperFigure.model_validate({**head, **parts})


def predictions(*lines):
    return pd.DataFrame(lines, columns=["video", "label", "top5_classes", "top5_scores"])


OURS = predictions(
    ("test2", 2, [2, 1, 0], [0.9, 0.1, 0.0]),
    ("test1", 1, [1, 0, 2], [0.6, 0.3, 0.1]),
    ("test0", 0, [1, 0, 2], [1.0, 0.0, 0.0]),
)
THEIRS = predictions(
    ("test2", 2, [2, 1, 0], [0.5, 0.4, 0.1]),
    ("test1", 1, [0, 1, 2], [0.6, 0.3, 0.1]),
    ("test0", 0, [0, 1, 2], [1.0, 0.0, 0.0]),
)


def test_without_a_run_that_is_wrong_the_margin_is_to_the_second_best():
    found = ranked(OURS, None, "margin")
    assert found["video"].tolist() == ["test2", "test1"] and found["margin"].tolist() == pytest.approx([0.8, 0.3])
    assert ranked(OURS, THEIRS, "margin")["video"].tolist() == ["test1"]


def test_listed_videos_come_in_the_order_of_the_predictions():
    reverse = OURS.iloc[::-1]
    assert ranked(reverse, None, "listed")["video"].tolist() == ["test1", "test2"]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The mini suite's plan over seven videos of noise, with predictions of two runs."""
    make_world(tmp_path / "world", train=0)
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    data = plan.dataset("hmdb51")
    layout.class_file(data, "test1").parent.mkdir(parents=True)
    shutil.copytree("world/frames", layout.frames(data.name))
    shutil.copy("world/splits/test.csv", layout.split(data.name, "test1"))
    shutil.copy("world/splits/classes/all.csv", layout.class_file(data, "test1"))
    for run, frame in ((TC, OURS), (VIFI, THEIRS)):
        path = layout.predictions("mini", run, plan.plain_evaluation(run, "hmdb51", "test1").name)
        path.parent.mkdir(parents=True)
        frame.to_parquet(path)
    return plan


def opened(run):
    method = "tc_clip" if run == TC else "vifi_clip"
    model = small(method, {"tc.k": 5, "tc.alpha": 0.5} if run == TC else None)
    return Opened(run, model, load_method(method), tuple(CLASSES), 4, 32, "fp32")


def test_a_figure_of_all_parts_is_a_png_and_a_pdf_whose_caption_says_runs_videos_classes_and_n(plan):
    names = [column.name for column in load_table("table1").columns]
    cells = {"table": "table1", "row": "Baseline", "column": names, "value": 50.0, "n_videos": 64, "source": "measured"}
    layout.table("mini", "table1").parent.mkdir(parents=True)
    table = pd.DataFrame({**cells, "runs": VIFI}).reindex(columns=CELLS)
    table.to_csv(layout.table("mini", "table1"), index=False)
    asked, wanted = [], figure(
        videos=[RULE],
        overlays={"runs": [VIFI, TC]},
        context_tokens={"run": TC},
        spread={"runs": {"frame by frame": VIFI, "TC": TC}, "frames": [2, 4], "videos": 2},
        bars="table1",
    )  # fmt: skip
    store = FrameStore(layout.frames(plan.dataset("hmdb51").name))
    said = write_figure(plan, wanted, store, lambda run: asked.append(run) or opened(run))
    assert asked == [VIFI, TC]
    for words in (
        f"Over all views of test hmdb51-test1-2x1 right with {TC}, wrong with {VIFI}: 1 of N = 3 videos. {OF_CLIP}",
        "test1 (class green star): no. 1 by margin, margin 0.15.",
        f"Attention rollout (maximum over heads) of {VIFI} and {TC}.",
        f"Context tokens of {TC}.",
        "Means over 2 videos",
        f"frame by frame ({VIFI}): entropy over the largest possible",
        "N is the number of test videos",
    ):
        assert words in said, said
    png = layout.figure("mini", "figure1")
    assert described(png) == said and png.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    with Image.open(png) as picture:
        assert picture.width == 1440 and picture.height > 1440
    (shown,) = paper_figures("mini")
    assert (shown.path, shown.caption, shown.look) == (png, said, "photograph")
    write_small(png, small := layout.reports("mini") / "new" / "small.webp")
    with Image.open(small) as picture:
        assert picture.width == SMALL and small.stat().st_size < png.stat().st_size / 2


def test_a_rule_that_no_video_meets_is_a_sentence_in_the_figure(plan):
    wanted = figure(videos=[{"right": VIFI, "wrong": VIFI}], overlays={"runs": [VIFI]})
    said = write_figure(plan, wanted, FrameStore(layout.frames(plan.dataset("hmdb51").name)), opened)
    assert f"right with {VIFI}, wrong with {VIFI}: 0 of N = 3 videos. There is nothing to show." in said
    assert layout.figure("mini", "figure1").is_file()


def test_named_videos_have_their_classes_and_a_stranger_is_told(plan):
    wanted = figure(videos=[{"ids": {"mini": ["test4"], "paper": ["x"]}}], overlays={"runs": [VIFI]})
    (choice,) = choices(plan, wanted)
    assert [(chosen.video, chosen.label) for chosen in choice.videos] == [("test4", 1)]
    stranger = figure(videos=[{"ids": {"mini": ["train0"]}}], overlays={"runs": [VIFI]})
    with pytest.raises(UserError, match=r"figure1\.yaml: video 'train0' is not listed in .*test1\.csv"):
        choices(plan, stranger)


def spread_table(outside):
    lines = [(run, n, 3, 17.0, 2.0, 0.5 + n / 100, outside, outside, outside) for run in "ab" for n in (2, 4)]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def test_curves_have_a_panel_for_objects_only_where_objects_are_known():
    names = {"a": "first", "b": "second"}
    known = stacked([spread_block(spread_table(0.4), names)])
    assert len(known.axes) == 3 and len(known.axes[2].lines) == 3
    assert len(stacked([spread_block(spread_table(float("nan")), names)]).axes) == 2
    assert "outside 40 and 40 %" in sentence(spread_table(0.4), names)
    assert "52 and 54 %" in (said := sentence(spread_table(float("nan")), names)) and "outside" not in said


def test_parts_stand_below_each_other_with_the_heights_they_ask_for():
    blocks = [note("one line"), note("long " * 100)]
    made = stacked(blocks)
    assert made.get_figheight() == pytest.approx(sum(block.height for block in blocks))
    assert blocks[1].height > 2 * blocks[0].height
    first, second = (part.bbox for part in made.subfigs)
    assert first.y0 == pytest.approx(second.y1) and first.x1 - first.x0 == pytest.approx(made.bbox.width)


def test_a_line_ends_in_no_equation():
    assert wrapped("T = 8 frames of N = 49", 1.0).splitlines() == ["T\u00a0=\u00a08 frames", "of N\u00a0=\u00a049"]
