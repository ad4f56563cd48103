"""Exported folders: a card that says what a model is, what is refused, and models that depend on their classes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from described_world import TEXTS, add_descriptors
from described_world import method as ost
from tiny_source import source_of, subject_of, tiny
from tiny_world import CLASSES, make_world
from typer.testing import CliRunner

import tcclip
from tcclip.cli.app import app
from tcclip.errors import UserError
from tcclip.prediction import exporting
from tcclip.prediction.exported import source_of_folder
from tcclip.prediction.exporting import export

pytestmark = pytest.mark.usefixtures("toy_tokenizer")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    add_descriptors(world := make_world(tmp_path_factory.mktemp("world")))
    return world


@pytest.fixture(scope="module")
def exported(world: Path) -> Path:
    export(source_of(world, subject_of(world, tiny("vita_clip"), "vita")), world / "vita")
    return world / "vita"


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_vectors_of_each_class_go_with_the_folder_and_other_names_are_bare(world: Path, exported: Path) -> None:
    here = tcclip.Model(source_of(world, subject_of(world, tiny("vita_clip"), "vita")), "cpu")
    there = tcclip.load(exported, device="cpu")
    assert there.classes == CLASSES
    for names in (CLASSES, ("run", "jump")):
        ours, theirs = here.network(names), there.network(names)
        assert same(ours, theirs) and torch.equal(ours.tokens, theirs.tokens)


def test_texts_from_outside_go_with_the_folder(world: Path) -> None:
    source = source_of(world, subject_of(world, ost(), "ost", TEXTS), TEXTS)
    export(source, world / "ost")
    ours, theirs = tcclip.Model(source, "cpu").network(), tcclip.load(world / "ost", device="cpu").network()
    assert same(ours, theirs)
    assert theirs.tokens.shape == ours.tokens.shape


def test_the_card_has_data_metrics_and_licence(exported: Path) -> None:
    card = (exported / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: tcclip\n")
    for part in (
        "# vita\n\nVita-CLIP: ",
        "Trained on noise (tiny, split train), by protocol `few_shot` of suite `tiny`",
        "generated stand-ins",
        "| test | 50.0 | 100.0 | 7 of 7 | 3 | 2x1 |\n",
        "Apache-2.0",
        "It has 3 classes",
        "2 views of 4 frames of 32 x 32 pixels",
    ):
        assert part in card
    assert "\n\n\n" not in card


def test_a_method_without_classes_is_exported_too(world: Path, tmp_path: Path) -> None:
    def none() -> None:
        raise UserError("no classes")

    subject = dataclasses.replace(subject_of(world, tiny("vanilla_clip")), weights=None)
    source = source_of(world, subject)
    facts = dataclasses.replace(source.facts(), dataset=None, generated=False, own_clip=True)
    export(dataclasses.replace(source, own=none, facts=lambda: facts), tmp_path / "vanilla")
    card = (tmp_path / "vanilla" / "README.md").read_text()
    assert "\nthe small CLIP was made by the program, under its licence.\n" in card and "OpenAI" not in card
    assert not (tmp_path / "vanilla" / "classes.csv").exists()
    model = tcclip.load(tmp_path / "vanilla", device="cpu")
    assert model.network(["a", "b"]).classes == 2
    with pytest.raises(UserError, match="has no classes of its own"):
        model.predict("a.mp4")


def test_a_folder_is_exported_as_a_whole_or_not_at_all(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise UserError("the disk is full")

    monkeypatch.setattr(exporting, "_card", full)
    with pytest.raises(UserError, match="the disk is full"):
        export(source_of(world, subject_of(world, tiny("vifi_clip"), "vifi")), tmp_path / "vifi")
    assert list(tmp_path.iterdir()) == []


def test_what_an_exported_folder_cannot_do_is_one_sentence(exported: Path, world: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already and not empty"):
        export(source_of(world, subject_of(world, tiny("vifi_clip"), "vifi")), exported)
    with pytest.raises(UserError, match="is exported already"):
        export(source_of_folder(exported), tmp_path / "again")
    said = CliRunner().invoke(app, ["export", str(exported), str(tmp_path / "again")])
    assert said.exit_code == 1 and "is exported already: copy it" in " ".join(said.stderr.split())
    with pytest.raises(UserError, match="`tcclip export RUN --we`"):
        tcclip.load(exported, we=True)
    with pytest.raises(UserError, match="which knows no dataset 'hmdb51'"):
        tcclip.load(exported, device="cpu").predict([], dataset="hmdb51")
    config = json.loads((exported / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"weights\.safetensors is not there: copy the whole folder"):
        tcclip.load(tmp_path)
    for name in ("weights.safetensors", "config.json"):
        (tmp_path / name).write_bytes((exported / name).read_bytes()[:300])
        with pytest.raises(UserError, match=f"{name} is not whole .*: copy the whole folder"):
            tcclip.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**config, "format": 2}))
    with pytest.raises(UserError, match="has format 2, and this version of tcclip reads 1"):
        tcclip.load(tmp_path)
