"""Stage `backbone`: CLIP's weights and token ids become files, so that no later job needs open_clip."""

import json
import subprocess
import sys

import pytest
import torch

from tcclip.backbone.class_tokens import ClassList, write_tokens
from tcclip.backbone.from_open_clip import convert
from tcclip.errors import UserError
from tcclip.models import Backbone, BackboneConfig, build
from tcclip.params import load_method
from tcclip.params.suite import BackboneSource
from tcclip.process.files import read_json, sha256, write_json

SIZES = {
    "image_size": 32,
    "patch_size": 16,
    "vision_width": 64,
    "vision_heads": 1,
    "vision_layers": 2,
    "text_width": 64,
    "text_heads": 2,
    "text_layers": 2,
    "embed_dim": 64,
}
RECIPE = {
    "seed": 1,
    "images": 64,
    "steps": 2,
    "batch": 8,
    "lr": 1e-3,
    "matrix_lr": 1e-3,
    "warmup_steps": 1,
    "weight_decay": 0.1,
    "scale": 8,
    "norm": "imagenet",
    "threads": 1,
}


@pytest.fixture(scope="module")
def open_clip_weights(tmp_path_factory):
    """A small open_clip model, registered under a name, and its weights as a file; a twin of it computes with GELU."""
    import open_clip

    folder = tmp_path_factory.mktemp("open_clip")
    config = {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
    }
    write_json(folder / "tcclip-test.json", config)
    write_json(folder / "tcclip-test-quickgelu.json", {**config, "quick_gelu": True})
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    model = open_clip.create_model("tcclip-test-quickgelu")
    torch.save(model.state_dict(), folder / "weights.pt")
    return model, folder / "weights.pt"


def test_open_clips_weights_become_a_backbone_with_its_hash(open_clip_weights, tmp_path):
    model, file = open_clip_weights
    settings = BackboneSource(name="x", architecture=SIZES, open_clip="tcclip-test-quickgelu", pretrained=str(file))
    line = convert(settings, tmp_path)
    facts = read_json(tmp_path / "backbone.json")
    assert facts["sha256"] == sha256(tmp_path / "weights.safetensors")
    assert facts["sha256"][:12] in line
    write_json(tmp_path / "tokens.json", {})
    for name, tensor in Backbone.load(tmp_path).tensors.items():
        assert torch.equal(tensor, model.state_dict()[name])


def refusal(folder, weights, sizes=SIZES, name="tcclip-test-quickgelu"):
    """What is said of weights that are not taken; nothing is written."""
    settings = BackboneSource(name="x", architecture=sizes, open_clip=name, pretrained=str(weights))
    with pytest.raises(UserError) as error:
        convert(settings, folder / "backbone")
    assert not (folder / "backbone").exists() and "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ({"vision_layers": 3}, "lacks 12 tensors of this model"),
        ({"vision_heads": 2}, "tcclip-test-quickgelu has 1 vision_heads and not 2: the suite's backbone.architecture"),
        ({"text_heads": 4}, "tcclip-test-quickgelu has 2 text_heads and not 4: the suite's backbone.architecture"),
    ],
)
def test_another_architecture_than_the_suites_is_refused(open_clip_weights, tmp_path, size, sentence):
    assert sentence in refusal(tmp_path, open_clip_weights[1], {**SIZES, **size})


def test_a_model_that_computes_with_gelu_is_refused(open_clip_weights, tmp_path):
    said = refusal(tmp_path, open_clip_weights[1], name="tcclip-test")
    assert "tcclip-test computes with GELU, and this program with QuickGELU" in said
    assert "set backbone.open_clip in the suite's file to such a model (tcclip-test-quickgelu)" in said


def test_a_file_that_does_not_hold_the_weights_is_named(open_clip_weights, tmp_path):
    weights = torch.load(open_clip_weights[1])
    torch.save({**weights, "ln_final.bias": weights["ln_final.bias"] / 0}, tmp_path / "damaged.pt")
    said = refusal(tmp_path, tmp_path / "damaged.pt")
    assert said == f"{tmp_path}/damaged.pt: 'ln_final.bias' has values that are not finite: get the weights again"
    torch.save({name: tensor for name, tensor in weights.items() if "resblocks" not in name}, tmp_path / "part.pt")
    said = refusal(tmp_path, tmp_path / "part.pt")
    assert said.startswith(f"{tmp_path}/part.pt does not hold the weights of open_clip's tcclip-test-quickgelu (")
    assert "network" not in said and len(said) < 700


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"open_clip": "ViT-B-16-quickgelu"}, "open_clip needs pretrained"),
        ({"open_clip": "ViT-B-16-quickgelu", "pretrained": ""}, "open_clip needs pretrained"),
        ({"open_clip": "hf-hub:some/clip", "pretrained": "mine.pt"}, "with its own weights: remove pretrained"),
        ({"pretrained": "openai", "pretraining": RECIPE}, "pretrained is for open_clip"),
    ],
)
def test_weights_have_one_source_which_is_named(source, sentence):
    with pytest.raises(ValueError, match=sentence):
        BackboneSource(name="x", architecture=SIZES, **source)


def test_weights_that_cannot_be_had_say_what_to_do(tmp_path):
    settings = BackboneSource(name="x", architecture=SIZES, open_clip="tcclip-nothing", pretrained="openai")
    with pytest.raises(UserError, match="run `tcclip backbone` once on a machine with network"):
        convert(settings, tmp_path)


def test_the_token_table_holds_every_text_of_every_method(tmp_path):
    methods = [load_method(name) for name in ("vanilla_clip", "vifi_clip", "tc_clip")]
    write_tokens([ClassList(["ApplyEyeMakeup", "brush_hair"], {})], methods, tmp_path / "tokens.json")
    table = json.loads((tmp_path / "tokens.json").read_text())
    assert {"Apply Eye Makeup", "a photo of a Apply Eye Makeup.", "a photo of a brush hair."} <= table.keys()
    assert all(ids[0] == 49406 and ids[-1] == 49407 for ids in table.values())


def test_with_the_table_a_model_is_built_without_open_clip(tmp_path):
    write_tokens([ClassList(["jump", "run"], {})], [load_method("tc_clip")], tmp_path / "tokens.json")
    Backbone.random(BackboneConfig(**SIZES)).save(tmp_path)
    code = f"""
import sys
sys.modules["open_clip"] = None  # an import would fail
from tcclip.models import Backbone, build
from tcclip.params import load_method
build(load_method("tc_clip", {{"tc.alpha": 0.5, "tc.k": 2}}), Backbone.load({str(tmp_path)!r}), ["jump", "run"], 4)
assert not {{"mlflow", "decord", "av", "pandas"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pretraining_writes_a_backbone_and_leaves_the_token_table_alone(tmp_path):
    from tcclip.backbone.pretraining.pretrain import pretrain

    settings = BackboneSource(name="x", architecture=SIZES, pretraining=RECIPE)
    write_json(tmp_path / "tokens.json", {"jump": [49406, 1, 49407]})
    assert "zero-shot" in pretrain(settings, tmp_path)
    assert read_json(tmp_path / "tokens.json") == {"jump": [49406, 1, 49407]}
    assert build(load_method("vifi_clip"), Backbone.load(tmp_path), ["red ball"], 2) is not None
