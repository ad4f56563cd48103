"""Released checkpoints become runs: their names, their values, and that nothing in the file is executed."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from tiny_world import write_frames
from torch import Tensor

from tcclip.backbone.importing import torch_file
from tcclip.backbone.importing.run_folder import import_checkpoint
from tcclip.backbone.importing.torch_file import TorchFile
from tcclip.errors import UserError
from tcclip.evaluation.run import evaluate
from tcclip.models import Backbone, build, canonical_state, load_canonical
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method
from tcclip.params.protocol import parse_views
from tcclip.plan import Plan, layout, load_plan, plan_of
from tcclip.process.files import sha256
from tcclip.stages.subjects import asked_jobs, planned_jobs

PLAN = load_plan("mini")
CONFIG = PLAN.suite.backbone.architecture
CLASSES = ["red ball", "green star", "blue square"]
TOKENS = {f"a photo of a {name}.": [49406, 320, 1125, 539, 320, 700 + i, 269, 49407] for i, name in enumerate(CLASSES)}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_backbone() -> Backbone:
    return Backbone(CONFIG, Backbone.random(CONFIG).tensors, TOKENS)


def a_model(method: str, seed: int = 3) -> ClipVideo:
    model = build(load_method(method), a_backbone(), CLASSES, 16)
    stream = torch.Generator().manual_seed(seed)
    state = canonical_state(model)
    noise = {name: tensor + 0.05 * torch.randn(tensor.shape, generator=stream) for name, tensor in state.items()}
    load_canonical(model, noise, trained_only=True)
    return model


def released(model: ClipVideo, split: bool) -> dict[str, Tensor]:
    """The model's weights under the released names; split: query, key and value of the vision tower apart."""
    layer = "text_encoder.prompt_generation_layer.0."
    starts = {
        "vp.prompt_vectors": "prompt_learner.ctx",
        "vp.ln_prompt.": f"{layer}ln_1.",
        "vp.ln_context.": f"{layer}ln_1_kv.",
        "vp.ln_ffn.": f"{layer}ln_2.",
        "vp.cross_attn.": f"{layer}attn.",
        "vp.ffn.": f"{layer}mlp.",
        "visual.": "image_encoder.",
        "logit_scale": "logit_scale",
    }
    found = {}
    for name, tensor in canonical_state(model).items():
        if name.startswith("tc."):
            number = name.split(".")[1]
            bias = f"image_encoder.transformer.resblocks.{number}.attn.local_global_bias_table"
            found[bias] = tensor[:, None]
            continue
        start = next((start for start in starts if name.startswith(start)), "")
        target = starts.get(start, "text_encoder.") + name[len(start) :]
        if split and "in_proj" in target and target.startswith("image_encoder."):
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                found[target.replace("in_proj_", f"{part}_proj.")] = piece.clone()
        else:
            found[target] = tensor
    found["prompt_learner.token_prefix"] = torch.zeros(3, 1, CONFIG.text_width)
    found["prompt_learner.token_suffix"] = torch.zeros(3, 4, CONFIG.text_width)
    return {f"module.{name}": tensor for name, tensor in found.items()}


class Settings:
    """Stands for the OmegaConf objects in a released file's `config`: a class that the reader does not know."""

    def __init__(self) -> None:
        self.content, self.items = {"lr": 8e-6, "nested": [1, 2]}, OrderedDict(a=1)


def write(path: Path, model: dict[str, Tensor], **more: Any) -> Path:
    parameter = torch.nn.Parameter(torch.zeros(3))
    content = {
        "model": OrderedDict(model),
        "optimizer": torch.optim.AdamW([parameter]).state_dict(),
        "lr_scheduler": {"t_mul": 1.0},
        "max_accuracy": 78.25,
        "epoch": 9,
        "config": Settings(),
    }
    torch.save({**content, **more}, path)
    return path


def imported(path: Path, plan: Plan = PLAN, **options: Any) -> str:
    settings = {"method": None, "protocol": "zero_shot", "trained_on": "k400", "name": None}
    return import_checkpoint(plan, path, **{**settings, **options})


@pytest.mark.parametrize(("method", "split"), [("tc_clip", True), ("tc_clip", False), ("vifi_clip", False)])
def test_an_imported_checkpoint_gives_the_logits_of_the_model_it_came_from(method: str, split: bool) -> None:
    model = a_model(method)
    line = imported(write(Path("best model.pth"), released(model, split)))
    assert line.endswith("`tcclip evaluate imported-best_model --suite mini --dataset hmdb51 --split test1`")
    folder = layout.run("mini", "imported-best_model")
    fresh = build(load_method(method), a_backbone(), CLASSES, 16)
    load_canonical(fresh, load_file(folder / "weights.safetensors"), trained_only=True)
    video = torch.randn(2, 16, 3, 56, 56)
    with torch.no_grad():
        assert torch.equal(fresh(video), model(video))
    params = yaml.safe_load((folder / "params.yaml").read_text())
    settings = "vifi_clip-original" if method == "vifi_clip" else method
    assert (params["method"]["name"], params["imported"]["file"]) == (settings, "best model.pth")
    assert (params["imported"]["epoch"], params["imported"]["max_accuracy"]) == (9, 78.25)


@pytest.mark.parametrize(
    ("method", "asked", "frames", "clips", "split"),
    [
        ("vifi_clip", None, 32, 1, False),  # as in the repository that the file is from
        ("vifi_clip", "vifi_clip", 16, 2, True),  # as the paper's re-run
        ("tc_clip", None, 16, 2, True),
    ],
)
@pytest.mark.parametrize("protocol", ["zero_shot", "few_shot", "base_to_novel"])
def test_a_file_is_tested_with_the_frames_views_and_names_of_its_own_repository(
    method: str, asked: str | None, frames: int, clips: int, split: bool, protocol: str
) -> None:
    trained_on = "k400" if protocol == "zero_shot" else "hmdb51"
    path = write(Path("file.pth"), released(a_model(method), split=False))
    suite = PLAN.suite  # without the frames and views that mini gives every method
    budgets = {
        name: {k: v for k, v in b.items() if k not in ("frames", "views")} for name, b in suite.protocols.items()
    }
    plan = plan_of(suite.model_copy(update={"protocols": budgets}))
    imported(path, plan, method=asked, protocol=protocol, trained_on=trained_on)
    subject, (job,) = asked_jobs(plan, "imported-file", "ucf101", "test1")
    names = subject.method.names
    assert (subject.frames, job.views.temporal, names.split_camel_case) == (frames, clips, split)
    settings = load_method("vifi_clip-original" if not split else method)
    assert load_plan("paper").protocol(protocol, settings).frames == frames


def test_an_imported_run_is_evaluated_on_any_split_of_the_suite_and_results_add_up() -> None:
    model = a_model("tc_clip")
    imported(write(Path("best.pth"), released(model, split=True)))
    a_backbone().save(layout.backbone("mini_clip"))
    write_frames(layout.frames("mini_hmdb51"), ["v0", "v1", "v2"], broken=())
    layout.classes("mini_hmdb51", "all").parent.mkdir(parents=True)
    rows = "".join(f"{label},{name}\n" for label, name in enumerate(CLASSES))
    layout.classes("mini_hmdb51", "all").write_text("label,name\n" + rows)
    for split in ("test1", "test2"):
        layout.split("mini_hmdb51", split).write_text("video,label\nv0,0\nv1,1\nv2,2\n")
        evaluate(*asked_jobs(PLAN, "imported-best", "hmdb51", split), keep=True)
    evaluate(*asked_jobs(PLAN, "imported-best", "hmdb51", "test1", parse_views("1x1"), we=True), keep=True)
    metrics = json.loads((layout.run("mini", "imported-best") / "metrics.json").read_text())
    assert list(metrics["evaluations"]) == ["hmdb51-test1-2x1", "hmdb51-test2-2x1", "hmdb51-test1-1x1-we"]
    assert metrics["training"]["imported"]["file"] == "best.pth"
    written = layout.run("mini", "imported-best") / "weights.safetensors"
    assert metrics["training"]["weights"] == {"weights.safetensors": sha256(written)}


def test_a_run_that_no_table_names_is_evaluated_only_on_what_is_asked_for() -> None:
    imported(write(Path("best.pth"), released(a_model("vifi_clip"), split=False)))
    with pytest.raises(UserError, match="no table names run 'imported-best': say what"):
        planned_jobs(PLAN, "imported-best")
    with pytest.raises(UserError, match="unknown run 'importedbest': did you mean 'imported-best'"):
        asked_jobs(PLAN, "importedbest", "hmdb51", "test1")
    with pytest.raises(UserError, match="unknown split of mini_hmdb51 'test9'"):
        asked_jobs(PLAN, "imported-best", "hmdb51", "test9")


class Harm:
    """A pickle of this asks its reader to create a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch harmed",)


class HarmByState:
    """As `Harm`, through eval and with a state, a list and a mapping put on what comes out."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("open('harmed', 'w')",), {"a": Harm()}, iter([Harm()]), iter([("k", Harm())])


@pytest.mark.parametrize("harm", [Harm, HarmByState])
def test_nothing_in_a_file_is_executed(harm: type) -> None:
    weights = released(a_model("vifi_clip"), split=False)
    imported(write(Path("odd.pth"), weights, config=harm(), optimizer=[harm()], epoch=harm()))
    assert not Path("harmed").exists()
    params = yaml.safe_load((layout.run("mini", "imported-odd") / "params.yaml").read_text())
    assert params["imported"]["epoch"] is None
    with contextlib.suppress(Exception):
        torch.load("odd.pth", weights_only=False)  # the file is as bad as it is meant to be
    assert Path("harmed").exists()


def test_a_file_whose_outermost_object_is_harmful_is_refused_and_not_executed() -> None:
    with zipfile.ZipFile("odd.pth", "w") as file:
        file.writestr("odd/data.pkl", pickle.dumps(Harm()))
    with pytest.raises(UserError, match="has no 'model'"):
        imported(Path("odd.pth"))
    assert not Path("harmed").exists()


def test_a_file_cannot_change_what_the_next_file_is_read_with() -> None:
    attack = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x04\x00\x00\x00flag\x88s\x86b."  # sets its attribute
    with zipfile.ZipFile("odd.pth", "w") as file:
        file.writestr("odd/data.pkl", attack)
    assert TorchFile(Path("odd.pth")).content.flag is True
    assert not any(hasattr(value, "flag") for value in vars(torch_file).values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("module.text_encoder.ln_final.bias"), "lacks 1 tensors, the first is 'text_encoder.ln_final"),
        (lambda w: w.pop("module.image_encoder.transformer.resblocks.1.attn.v_proj.bias"), r"lacks 1 .*v_proj\.bias"),
        (lambda w: w.update({"module.surprise": torch.zeros(1)}), "has unknown 1 tensors, the first is 'surprise'"),
        (lambda w: w.update({"module.logit_scale": torch.zeros(2)}), r"'logit_scale' has the shape \(2,\)"),
        (lambda w: w["module.prompt_learner.ctx"].fill_(float("nan")), "not finite"),
    ],
)
def test_a_file_that_is_not_the_method_s_model_is_refused_in_one_sentence(change: Any, words: str) -> None:
    weights = released(a_model("tc_clip"), split=True)
    change(weights)
    with pytest.raises(UserError, match=words):
        imported(write(Path("best.pth"), weights))
    assert not layout.run("mini", "imported-best").exists()


def test_a_damaged_number_is_found() -> None:
    weights = released(a_model("vifi_clip"), split=False)
    name = "module.image_encoder.proj"
    weights[name] = torch.full_like(weights[name], 3.25)
    content = bytearray(write(Path("best.pth"), weights).read_bytes())
    content[content.find(struct.pack("<8f", *[3.25] * 8)) + 1] ^= 1
    Path("best.pth").write_bytes(content)
    assert torch.load("best.pth", weights_only=False)["model"][name][0, 0] != 3.25  # torch takes it
    with pytest.raises(UserError, match="is damaged: the numbers of a tensor cannot be read: download it again"):
        imported(Path("best.pth"))


def test_a_name_that_is_taken_is_refused_and_the_same_file_may_be_imported_again() -> None:
    path = write(Path("best.pth"), released(a_model("vifi_clip"), split=False))
    imported(path)
    imported(path)
    other = write(Path("other.pth"), released(a_model("vifi_clip", seed=4), split=False))
    with pytest.raises(UserError, match="already holds another run"):
        imported(other, name="imported-best")
    with pytest.raises(UserError, match="tables train themselves"):
        imported(other, name="zero_shot-k400-tc_clip-s1024")
    with pytest.raises(UserError, match="as tc_clip of suite mini: the file lacks"):
        imported(other, method="tc_clip")


def test_a_file_of_another_kind_is_one_sentence() -> None:
    Path("text.pth").write_text("hello")
    with pytest.raises(UserError, match=r"text\.pth cannot be read as a file of torch\.save"):
        imported(Path("text.pth"))
    with pytest.raises(UserError, match="is not there"):
        imported(Path("none.pth"))
