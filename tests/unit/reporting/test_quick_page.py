"""What the page's making does in fewer steps than a library would, and that nothing else comes out."""

import io
import re

import numpy as np
import pytest
import yaml
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from tcclip.plan import layout, load_plan
from tcclip.reporting import run_origin, style
from tcclip.reporting.embedding import embedded
from tcclip.reporting.page import Section, page
from tcclip.reporting.summary import write_curves

PARAMS = {
    "run": "a-run",
    "protocol": {"name": "few_shot", "description": "two\nparagraphs\n\nand a blank line", "shots": [2, 4]},
    "seed": 1024,
    "method": {"name": "tc_clip", "tc": {"alpha": 0.3, "trace": False}},
}


@style.styled
def drawn() -> Figure:
    """Panels with and without labels, titles of one and two lines, ticks that are wide."""
    figure, axes = style.panels(3, 2, height=2.0)
    for number, axis in enumerate(axes):
        axis.plot([0, 1], [0, 10.0**number])
        axis.set_title("one line" if number else "two\nlines")
    axes[0].set_ylabel("a label")
    figure.legend(["a line"], loc="outside lower center")
    return figure


def test_a_figure_drawn_once_has_the_bytes_of_savefig(tmp_path):
    import matplotlib

    expected = io.BytesIO()
    with matplotlib.rc_context({**style.SETTINGS, "axes.titley": None}):
        drawn().savefig(expected, format="png", metadata={"Software": None})
    assert style.save(drawn(), tmp_path / "a.png").read_bytes() == expected.getvalue()


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("flow", [False, True, None])
def test_params_in_sections_are_those_of_the_whole_file(tmp_path, flow, end):
    text = yaml.safe_dump(PARAMS, sort_keys=False, default_flow_style=flow).rstrip("\n") + end
    (tmp_path / "params.yaml").write_text(text)
    assert run_origin.params_of(tmp_path) == PARAMS


def test_a_table_may_have_the_name_of_another_part_of_the_page():
    parts = [Section(name, name.title(), Markup()) for name in ("chains", "videos", "table1", "videos")]
    text = page("t", {}, parts, {})
    anchors = re.findall(r' id="([^"]+)"', text)
    assert len(anchors) == len(set(anchors)) and text.count('id="chains"') == 1
    assert re.findall(r'href="#([^"]+)"', text) == ["chains-2", "videos", "table1", "videos-2"]


def test_a_drawing_of_few_colours_keeps_them(tmp_path):
    pixels = np.random.default_rng(0).choice(np.arange(0, 255, 4), size=(40, 50))[..., None].repeat(3, axis=2)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "a.png")
    assert np.array_equal(shown(tmp_path / "a.png"), pixels)


def test_a_drawing_of_many_colours_has_near_ones(tmp_path):
    across, down = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([across, down, 0 * across], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = shown(tmp_path / "a.png")
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 128
    assert np.abs(found.astype(int) - pixels).max() <= 24


def test_curves_have_the_digits_of_the_history_and_no_empty_column(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    run = next(name for name, run in plan.runs.items() if run.trained)
    folder = layout.run("mini", run)
    folder.mkdir(parents=True)
    history = "epoch,lr,loss,train_top1,val_top1\n0,1.0,2.2521282136440277,,\n1,0.5,2.25,0.5,\n"
    (folder / "history.csv").write_text(history)
    write_curves(plan, tmp_path / "curves")
    expected = "epoch,loss,train_top1\n0,2.2521282136440277,\n1,2.25,0.5\n"
    assert {file.name: file.read_text() for file in (tmp_path / "curves").iterdir()} == {f"{run}.csv": expected}


def shown(png):
    """The pixels of the page's picture."""
    import base64

    data = base64.b64decode(embedded(png).uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
