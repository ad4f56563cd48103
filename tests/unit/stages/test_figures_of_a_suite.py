"""Which figures a suite has, and what they are made from."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.params import load_figure, load_suite
from tcclip.params.reader import names, params_folder
from tcclip.plan import layout, load_plan, plan_of, plan_with_seeds
from tcclip.stages import figure, report

TC = "few_shot-hmdb51-k16-tc_clip-s1024"


@pytest.mark.parametrize("suite", ["mini", "paper"])
def test_both_suites_have_all_figures_from_the_same_files_and_the_page_waits_for_them(suite):
    plan = load_plan(suite)
    assert figure.planned(plan) == names("figures")
    files = {str(path) for path in figure.files(plan)}
    expected = {f"reports/{suite}/figures/figure{number}{suffix}" for number in "1367" for suffix in (".png", ".pdf")}
    assert files == expected and files <= {str(path) for path in report.inputs(plan)}


def test_a_figure_is_made_from_its_runs_its_videos_and_its_table():
    plan = load_plan("mini")
    for name in names("figures"):
        found, settings = figure.inputs(plan, name), load_figure(name)
        assert len(found) == len(set(found))
        for run in settings.runs:
            folder = layout.run("mini", run)
            assert {folder / "weights.safetensors", folder / "metrics.json", folder / "predictions"} <= set(found)
        assert layout.frames_index(plan.dataset(settings.dataset).name) in found
        assert (layout.table("mini", "table1") in found) == (settings.bars == "table1")


def test_a_suite_without_the_runs_or_the_table_leaves_the_figure_out():
    plan = plan_of(load_suite("mini").model_copy(update={"tables": ["table2"]}))
    assert figure.planned(plan) == ["figure7"]
    assert figure.planned(replace(plan, runs={}, cells={})) == []


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """A copy of params/ and an empty working directory; a function that changes Figure 6."""
    shutil.copytree(params_folder().absolute(), tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TCCLIP_PARAMS", raising=False)

    def change(old, new):
        path = Path("params/figures/figure6.yaml")
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        return CliRunner().invoke(app, ["figure", "figure6"])

    return change


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (TC, f"{TC}0", f"unknown run '{TC}0': did you mean '{TC}'?"),
        ("split: test1", "split: test4", "unknown split in params/figures/figure6.yaml 'test4'"),
        ("split: test1", "split: test2", f"no table of suite mini tests run {TC} on hmdb51 test2"),
        (f"right: {TC}, count: 1, order: margin", "ids: {paper: [a_video]}", "ids name no videos of suite mini"),
        ("token: auto", "token: all", "token"),
    ],
)
def test_why_a_figure_cannot_be_drawn_is_one_sentence(changed, old, new, sentence):
    done = changed(old, new)
    assert done.exit_code == 1 and sentence in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f"run: {TC}", f"run: {TC.replace('tc_clip', 'tc_clipp')}", f"unknown run in .*figure6.* did you mean '{TC}'"),
        (f"run: {TC}", f"run: {TC.replace('few_shot', 'few_shto')}", f"did you mean '{TC}'"),
        ("split: test1", "split: test4", r"unknown split in params/figures/figure6\.yaml 'test4'"),
        ("context_tokens:", "bars: tabel1\ncontext_tokens:", "unknown table in .* did you mean 'table10?'"),
    ],
)
def test_what_is_misspelt_in_a_figures_file_stops_every_command_that_plans_it(changed, old, new, sentence):
    changed(old, new)
    with pytest.raises(UserError, match=sentence):
        figure.planned(load_plan("mini"))


def test_a_run_that_the_suite_has_not_got_leaves_the_figure_out(changed):
    for old, new in ((TC, TC.replace("1024", "7")), (TC.replace("1024", "7"), "imported-x")):
        changed(old, new)
        assert figure.planned(load_plan("mini")) == ["figure1", "figure3", "figure7"]


def test_a_figure_uses_the_gpu_where_its_suite_does_and_models_look_at_videos(changed):
    assert figure.gpus_of(load_plan("mini"), "figure6") == 0 and figure.gpus_of(load_plan("paper"), "figure6") == 1
    text = Path("params/figures/figure6.yaml").read_text()
    Path("params/figures/bars.yaml").write_text(text.split("videos:")[0] + "bars: table1\n")
    assert figure.gpus_of(load_plan("paper"), "bars") == 0


def test_a_small_picture_is_webp(changed):
    said = CliRunner().invoke(app, ["figure", "figure6", "--small", "a.png"]).output
    assert "--small must end with .webp (got 'a.png')" in " ".join(said.split())


def test_a_run_that_no_table_names_is_shown_where_its_folder_has_weights(changed):
    folder = Path("runs/mini/imported-x")
    folder.mkdir(parents=True)
    (folder / "params.yaml").touch()
    said = changed(f"context_tokens: {{run: {TC}", "context_tokens: {run: imported-x").output
    assert "unknown run 'imported-x'" in said
    (folder / "weights.safetensors").touch()
    said = " ".join(changed("token: auto", "token: 1").output.split())
    assert "weights.safetensors is not there" in said and "`snakemake reports/mini/figures/figure6.png " in said
    assert {folder / "params.yaml", folder / "weights.safetensors"} <= set(figure.inputs(load_plan("mini"), "figure6"))


def test_typed_seeds_say_which_runs_a_figure_has(changed):
    told = CliRunner().invoke(app, ["figure", "figure3", "--seeds", "vifi_clip:7"])
    assert "unknown run 'few_shot-hmdb51-k16-vifi_clip-s1024'" in " ".join(told.output.split())
    assert "figure3" not in figure.planned(plan_with_seeds("mini", "vifi_clip:7"))
    assert figure.planned(plan_with_seeds("mini", "vifi_clip:1024,7")) == figure.planned(load_plan("mini"))
