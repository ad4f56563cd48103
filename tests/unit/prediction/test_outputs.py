"""What a person names to be written is never what the same command reads, and nothing is computed to find that out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from small_videos import write_video
from typer.testing import CliRunner

from tcclip import prediction
from tcclip.cli.app import app
from tcclip.cli.outputs import refuse_table
from tcclip.prediction.result import HEAD

TABLE = f"{HEAD}\nv.mp4,1,0,jump,1.0,100.00,\n"


@pytest.fixture(autouse=True)
def nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "load", lambda *_, **__: pytest.fail("a model is loaded"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a person may name, which is where the command is called."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "v.mp4", frames=2)
    (tmp_path / "list.txt").write_text("v.mp4\n")
    (tmp_path / "found.csv").write_text(TABLE)
    (tmp_path / "names.txt").write_text("jump\n")
    (tmp_path / "link.csv").symlink_to("found.csv")
    for number in range(3):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        (tmp_path / "pictures" / f"{number}.png").write_bytes(b"picture")
    return tmp_path


def refused(folder: Path, command: Sequence[str]) -> str:
    """What a command says that fails and leaves every file as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = CliRunner().invoke(app, list(command))
    assert said.exit_code == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return " ".join(said.stderr.split())


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["--csv", "v.mp4", "v.mp4"], "v.mp4"),  # `--csv *.mp4`
        (["list.txt", "--csv", "list.txt"], "list.txt"),
        (["found.csv", "--csv", "link.csv"], "found.csv"),
        (["v.mp4", "--class-file", "names.txt", "--csv", "./names.txt"], "names.txt"),
    ],
)
def test_a_table_of_predictions_never_takes_the_place_of_an_input(folder: Path, words: list[str], read: str) -> None:
    assert f"would overwrite '{read}', which is read: name a new file" in refused(folder, ["predict", "run", *words])


@pytest.mark.parametrize("there", ["v.mp4", "names.txt"])
def test_a_table_takes_the_place_of_an_earlier_table_alone(folder: Path, there: str) -> None:
    said = refused(folder, ["predict", "run", ".", "--csv", there])
    assert f"--csv {there} is there and no table of predictions, which begins with video,rank,label" in said
    (folder / "empty.csv").touch()
    for name in ("found.csv", "empty.csv", "new.csv", "below/new.csv"):
        refuse_table(folder / name, ["v.mp4"])
    assert "lies below v.mp4, which is no folder" in refused(folder, ["predict", "run", ".", "--csv", "v.mp4/a.csv"])


@pytest.mark.parametrize("command", ["attention", "context-tokens"])
def test_a_picture_never_takes_the_place_of_the_video_that_it_shows(folder: Path, command: str) -> None:
    (folder / "film.png").symlink_to("v.mp4")
    (folder / "films.txt").write_text("film.png\n")
    for video, read in (("v.mp4", "v.mp4"), ("film.png", "film.png"), ("films.txt", "film.png")):
        said = refused(folder, [command, video, "--run", "run", "--out", "film.png"])
        assert f"--out film.png would overwrite '{read}', which is read" in said
    for name in ("1.png", "tokens.png"):
        said = refused(folder, [command, "pictures", "--run", "run", "--out", f"pictures/{name}"])
        assert f"--out pictures/{name} would be a frame of the video pictures" in said


def test_a_film_never_takes_the_place_of_its_video_or_of_a_datasets(folder: Path) -> None:
    said = refused(folder, ["attention", "v.mp4", "--run", "run", "--out", "v.mp4"])
    assert "--out v.mp4 would overwrite 'v.mp4', which is read" in said
    own = write_video(folder / "data" / "raw" / "mine" / "videos" / "a.mp4", frames=2)
    said = refused(folder, ["attention", "a", "--dataset", "mine", "--run", "run", "--out", str(own)])
    assert "would overwrite a dataset's file" in said
    (folder / "data" / "raw" / "mine" / "1.png").write_bytes(b"picture")
    shown = ["context-tokens", "v.mp4", "--run", "run", "--out", "data/raw/mine/1.png"]
    assert "would overwrite a dataset's file" in refused(folder, shown)


def test_a_log_never_takes_the_place_of_the_checkpoint_that_is_imported(folder: Path) -> None:
    (folder / "best.pth").write_bytes(b"weights")
    said = refused(folder, ["import-checkpoint", "best.pth", "--log", "best.pth"])
    assert "--log best.pth would overwrite the checkpoint, which is read" in said


def test_an_export_takes_no_folder_that_has_something(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcclip.prediction.named_source.source_of", lambda *_: None)
    assert "pictures is there already and not empty: name a new folder" in refused(folder, ["export", "r", "pictures"])
