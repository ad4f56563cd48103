"""A checkout with one run, and token ids without open_clip, whose tokenizer takes seconds to import."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from safetensors.torch import save_file
from small_videos import write_video

from tcclip.models import Backbone, build, canonical_state, tokens
from tcclip.plan import layout, load_plan

RUN = "few_shot-hmdb51-k16-tc_clip-s1024"
CLASSES = ("bounce ball", "drop star", "grow heart")


def ids(texts: Iterable[str]) -> dict[str, list[int]]:
    return {text: [49406, *(300 + sum(word.encode()) for word in text.split()), 49407] for text in texts}


@pytest.fixture
def toy_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test: others of the same process have CLIP's."""
    monkeypatch.setattr(tokens, "tokenize", ids)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a backbone, one run, the class list of its training, and some clips."""
    root = tmp_path_factory.mktemp("checkout")
    plan = load_plan("mini")
    backbone = Backbone.random(plan.suite.backbone.architecture)
    backbone.save(root / layout.backbone(plan.suite.backbone.name))
    listed = root / layout.classes("mini_hmdb51", "all")
    listed.parent.mkdir(parents=True)
    listed.write_text("label,name\n" + "".join(f"{label},{name}\n" for label, name in enumerate(CLASSES)))
    run = root / layout.run("mini", RUN)
    run.mkdir(parents=True)
    save_file(canonical_state(build(plan.method("tc_clip"), backbone, CLASSES, 8)), run / "weights.safetensors")
    (run / "params.yaml").write_text("suite: mini\n")
    for name in ("pouring", "drawer"):
        write_video(root / "clips" / f"{name}.mp4", frames=9)
    return root


@pytest.fixture
def inside(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(checkout)
    return checkout
