"""docs/adding_a_method.md, followed literally: three new files make a method, and nothing else is edited."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import guides
import preloaded
import pytest

ROOT = Path(__file__).parents[3]
TRY = """
import torch
from tcclip.models import Backbone, BackboneConfig, build, canonical_state, ensemble
from tcclip.params import load_method
from tcclip.params.kinds.chosen_kinds import modules_of

method = load_method("vifi_clip-weighted")
assert "tcclip.models.pool.weighted" in modules_of(method)
backbone = Backbone.random(BackboneConfig(32, 8, 32, 4, 3, 32, 4, 2, 32))
model, plain = (build(load_method(name), backbone, ["run", "jump"], 16) for name in ("vifi_clip-weighted", "vifi_clip"))
video = torch.randn(2, 16, 3, 32, 32)
model(video).sum().backward()
assert model.pool.logits.grad.abs().sum() > 0 and model.new_names == {"pool.logits"}
with torch.no_grad():
    model.pool.logits.zero_()
    assert torch.allclose(model(video), plain(video), atol=1e-5)  # equal weights are the mean
tuned = {name: tensor + 1 for name, tensor in canonical_state(model).items()}
assert torch.equal(ensemble(backbone.tensors, tuned, 0.0)["pool.logits"], tuned["pool.logits"])
print("works")
"""
REFUSED = 'from tcclip.params import load_method; load_method("vifi_clip-weighted", {"pool.middle": 0, "train": False})'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its params with the guide's files."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in ("tcclip", "params"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    assert len(guides.write("adding_a_method.md", folder)) == 3
    return folder


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(code)
    return preloaded.run([str(folder / "script.py")], folder, {**os.environ, "PYTHONPATH": str(folder)})


def test_three_new_files_are_a_method_that_trains_and_is_not_ensembled(checkout: Path) -> None:
    done = python(checkout, TRY)
    assert done.stdout.strip() == "works", done.stdout


def test_its_check_names_both_keys(checkout: Path) -> None:
    done = python(checkout, REFUSED)
    assert "pool.middle 0 does not go with train false" in done.stdout


PLAN = "import sys; sys.argv = ['tcclip', 'plan']; from tcclip.cli.start import main; main()"
WEIGHTED = 'load_method("vifi_clip-weighted").pool'
MAKE = f"from tcclip.params import load_method; from tcclip.params.kinds.make import make; make({WEIGHTED})"


@pytest.mark.parametrize(
    ("file", "content", "code", "sentence"),
    [
        ("models/pool/weighted.py", None, PLAN, "Error: plan: kind 'weighted' of pool has settings"),
        (
            "params/kinds/pool/weighted.py",
            "class Setings: pass",
            PLAN,
            "weighted.py has no class Settings: docs/adding_a_",
        ),
        (
            "models/pool/weighted.py",
            "made = None",
            MAKE,
            "weighted.py has no function make: docs/adding_a_method.md says",
        ),
    ],
)
def test_half_a_kind_is_a_sentence_that_names_the_file(
    checkout: Path, file: str, content: str | None, code: str, sentence: str
) -> None:
    path = checkout / "tcclip" / file
    before = path.read_text()
    path.unlink()
    try:
        if content:
            path.write_text(content)
        assert sentence in python(checkout, code).stdout
    finally:
        path.write_text(before)
