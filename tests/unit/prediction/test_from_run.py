"""Models of a checkout's runs, by folder and by name; what docs/python.md says, done; exported folders elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import guides
import pytest
from tiny_source import told
from typer.testing import CliRunner

import tcclip
from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.params.reader import params_folder
from tcclip.plan import load_plan
from tcclip.prediction.exporting import facts_of_run
from tcclip.prediction.from_run import source_of_run
from tcclip.stages.subjects import found_run

RUN = "few_shot-hmdb51-k16-tc_clip-s1024"
CLASSES = ("bounce ball", "drop star", "grow heart")
SCRIPT = """
from pathlib import Path
from tcclip.data.videos.scanned import File, Scanner
from tcclip.params.dataset import Frames
print("begun")
scanner = Scanner(Frames(short_side=32, jpeg_quality=90, shards=1, decode_timeout_s=20))
with scanner.scanning([File("a", Path("clips/pouring.mp4")), File("b", Path("clips/none.mp4"))]) as scans:
    print(scans[0].result().row["frames"], scans[1].result().defect, __file__)
"""


pytestmark = pytest.mark.usefixtures("toy_tokenizer")


def test_the_code_of_the_guide_runs_as_it_stands(inside: Path) -> None:
    names: dict[str, object] = {}
    for block in guides.blocks("python.md", "python"):
        exec(compile(block, "docs/python.md", "exec"), names)


def test_a_run_is_named_by_its_folder_or_its_name_and_exported_it_is_the_same_without_a_checkout(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_name, by_folder = tcclip.load(RUN, device="cpu"), tcclip.load(Path("runs/mini") / RUN, device="cpu")
    clip = str(inside / "clips" / "pouring.mp4")
    expected = told(by_name.predict(clip))
    assert told(by_folder.predict([clip])) == expected and by_name.classes == CLASSES
    others = told(by_name.predict(clip, ["pouring", "drinking"]))
    from tcclip.prediction.exporting import export

    assert "MB of weights" in export(source_of_run(RUN, "mini"), tmp_path / "away")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "none"))
    away = tcclip.load("away", device="cpu")
    assert told(away.predict(clip)) == expected and away.classes == CLASSES
    assert told(away.predict(clip, ["pouring", "drinking"])) == others


def test_an_untrained_method_is_named_by_itself_and_has_no_classes(inside: Path) -> None:
    model = tcclip.load("vanilla_clip", device="cpu")
    assert model.name == "untrained-vanilla_clip" and model.network(["a", "b"]).classes == 2
    with pytest.raises(UserError, match="is not trained and has no classes of its own: name some"):
        model.predict("clips/pouring.mp4")
    with pytest.raises(UserError, match="has no weights that an ensemble could mix"):
        tcclip.load("untrained-vanilla_clip", we=True)


def test_what_is_no_run_or_not_there_is_one_sentence(inside: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"unknown run '{RUN}0': did you mean '{RUN}'"):
        tcclip.load(RUN + "0")
    other = "few_shot-hmdb51-k16-vifi_clip-s1024"
    with pytest.raises(
        UserError, match=f"{other} is not trained yet: `snakemake runs/mini/{other}/weights.safetensors`"
    ):
        tcclip.load(other, device="cpu")
    (tmp_path / "mini" / RUN).mkdir(parents=True)
    with pytest.raises(UserError, match=r"has neither params\.yaml, .* nor config\.json, as one that `tcclip export`"):
        tcclip.load(tmp_path / "mini" / RUN)
    (tmp_path / "mini" / RUN / "params.yaml").write_text("suite: mini\n")
    with pytest.raises(UserError, match="is no run of the checkout that this is called in"):
        tcclip.load(tmp_path / "mini" / RUN)
    with pytest.raises(UserError, match=r"the device must be cpu, cuda \(.*\) or auto \(got 'gpu'\)"):
        tcclip.load(RUN, device="gpu")
    model = tcclip.load(RUN, device="cpu")
    for words, message in (
        ({"dataset": "k600"}, "each split of mini_k600 has classes of its own"),
        ({"dataset": "hmdb51", "split": "test9"}, "unknown split of mini_hmdb51 'test9'"),
        ({"dataset": "ucf101"}, r"mini_ucf101/classes/all\.csv is not there: `tcclip splits mini_ucf101` makes it"),
        ({"split": "test1"}, "split 'test1' is a dataset's: name the dataset too"),
    ):
        with pytest.raises(UserError, match=message):
            model.predict([], **words)


def test_outside_the_checkout_nobody_is_advised_to_make_its_weights_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("predict", "register", "precision"):
        said = CliRunner().invoke(app, [command, RUN])
        words = " ".join(said.stderr.split())
        assert said.exit_code == 1 and "tcclip backbone" not in words
        assert f"{tmp_path} is not the checkout's folder, which has params/ and data/: go there; a folder" in words
    (tmp_path / "params").symlink_to(params_folder().absolute())
    assert (
        f"{RUN} is not trained yet: `snakemake runs/mini/{RUN}/weights"
        in CliRunner().invoke(app, ["predict", RUN]).stderr
    )
    assert "make it with `tcclip backbone`" in CliRunner().invoke(app, ["predict", "vanilla_clip"]).stderr


def test_precision_takes_a_runs_folder_as_predict_does(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    subject = SimpleNamespace(machine=SimpleNamespace(threads=1), seed=1)
    monkeypatch.setattr("tcclip.process.runtime.deterministic", lambda *_: None)
    monkeypatch.setattr(
        "tcclip.stages.subjects.planned_jobs",
        lambda plan, run: asked.append((plan.suite.name, run)) or (subject, []),
    )
    said = CliRunner().invoke(app, ["precision", f"runs/mini/{RUN}/", RUN, "vanilla_clip"])
    assert asked == [("mini", RUN), ("mini", RUN), ("mini", "vanilla_clip")]
    assert "no table of the suite evaluates" in said.stderr


def test_a_folder_with_blanks_is_exported_with_a_command_that_can_be_typed(inside: Path, tmp_path: Path) -> None:
    from tcclip.prediction.exporting import export

    folder = tmp_path / "wild dir" / "my model"
    assert f"used by `tcclip predict '{folder}' VIDEO`" in export(source_of_run(RUN, "mini"), folder)


def test_the_card_of_an_untrained_method_knows_whose_clip_it_is(inside: Path) -> None:
    assert source_of_run("vanilla_clip", "mini").facts().own_clip
    paper = load_plan("paper")
    assert not facts_of_run(paper.suite, found_run(paper, "vanilla_clip"), None, False).own_clip


def test_a_script_that_scans_is_not_run_again_by_the_process_that_decodes(inside: Path) -> None:
    (inside / "script.py").write_text(SCRIPT)
    environment = {"PYTHONPATH": str(Path(tcclip.__file__).parents[1]), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "script.py"], env=environment, text=True, capture_output=True)
    assert done.stdout.splitlines() == ["begun", f"9 there is no such file {inside / 'script.py'}"], done.stderr


def test_import_tcclip_is_light() -> None:
    code = "import sys, tcclip; print([m for m in ('torch', 'numpy', 'pydantic', 'typer') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert done.stdout == "[]\n", done.stderr
