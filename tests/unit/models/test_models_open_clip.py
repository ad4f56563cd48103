"""Both towers against open_clip on random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from small_models import CLASSES, CONFIG, VIT_B16

from tcclip.models import Backbone, BackboneConfig, build
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method

open_clip = pytest.importorskip("open_clip")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    """A small open_clip model; heads are 16 wide there as here."""
    path: Path = tmp_path_factory.mktemp("configs") / "tcclip-small.json"
    vision = {"image_size": 32, "patch_size": 8, "width": 32, "layers": 3, "head_width": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 3}
    path.write_text(json.dumps({"embed_dim": 32, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(path)
    torch.manual_seed(0)
    model = open_clip.create_model("tcclip-small", pretrained=None)
    for parameter in model.parameters():  # layer norms and biases too
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def ours(reference: torch.nn.Module, method: str, config: BackboneConfig = CONFIG) -> ClipVideo:
    tensors = {name: tensor for name, tensor in reference.state_dict().items() if name != "attn_mask"}
    return build(load_method(method), Backbone(config, tensors), CLASSES, 4)


def test_frames_without_context_tokens_are_open_clips(reference: torch.nn.Module) -> None:
    video = torch.randn(2, 4, 3, 32, 32)
    with torch.no_grad():
        expected = reference.encode_image(video.flatten(0, 1)).unflatten(0, (2, 4))
        assert torch.allclose(ours(reference, "vifi_clip").encode_video(video).frames, expected, atol=1e-5)


def test_frames_of_vit_b16_are_open_clips() -> None:
    torch.manual_seed(0)
    reference = open_clip.create_model("ViT-B-16-quickgelu", pretrained=None).eval()
    video = torch.randn(1, 2, 3, 224, 224)
    with torch.no_grad():
        expected = reference.encode_image(video[0])
        assert torch.allclose(ours(reference, "vifi_clip", VIT_B16).encode_video(video).frames[0], expected, atol=1e-5)
    assert expected.std() > 0.1


@pytest.mark.parametrize("method", ["vanilla_clip", "vifi_clip"])
def test_texts_are_open_clips(reference: torch.nn.Module, method: str) -> None:
    model = ours(reference, method)
    padded = torch.nn.functional.pad(model.tokens, (0, 77 - model.tokens.shape[1]))
    with torch.no_grad():
        expected, seen = reference.encode_text(padded), model.encode_video(torch.zeros(1, 4, 3, 32, 32))
        assert torch.allclose(model.encode_text(seen, model.encode_classes()), expected, atol=1e-5)
