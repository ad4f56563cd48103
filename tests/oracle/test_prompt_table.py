"""A5's texts and logits against their equations, on random weights at several sizes: values and gradients, float64."""

from __future__ import annotations

import frame_transformer
import prompt_table as oracle
import pytest
import torch
from torch import Tensor

from tcclip.models import Backbone, BackboneConfig, build, load_canonical
from tcclip.models.canonical import END, START
from tcclip.models.clip_video import ClipVideo
from tcclip.params import load_method

CONFIG = BackboneConfig(16, 8, 32, 2, 2, 16, 2, 3, 16)
EXCLAMATION = 0  # the id of "!", which is also what rows are padded with
TEXTS = {
    "run": [START, 1900, END],
    "run far": [START, 1900, 2200, END],
    "run out": [START, 1900, 700, END],  # begins as the one before and is as long
    "stop!": [START, 1691, EXCLAMATION, END],
    "a long name of things": [START, 320, 1538, 2126, 539, 2500, END],
}
AROUND = [(16, 16), (4, 8), (0, 3), (2, 0)]


def made(names: list[str], before: int, after: int, blocks: int = 2) -> ClipVideo:
    """A model with random weights."""
    overrides = {"text.before": before, "text.after": after, "pool.blocks": blocks}
    model = build(load_method("a5", overrides), Backbone(CONFIG, Backbone.random(CONFIG).tensors, TEXTS), names, 3)
    numbers = torch.Generator().manual_seed(4)
    load_canonical(model, {n: 0.3 * torch.randn(t.shape, generator=numbers) for n, t in model.state_dict().items()})
    return model.double()


def leaves(model: ClipVideo) -> dict[str, Tensor]:
    """Copies of the weights that take gradients, but not of the token table."""
    return {n: t.detach().clone().requires_grad_("token" not in n) for n, t in model.state_dict().items()}


@pytest.mark.parametrize(("before", "after"), AROUND)
@pytest.mark.parametrize("names", [list(TEXTS), ["run far", "run out"], ["stop!"]], ids=len)
def test_texts_and_the_tables_gradient_equal_the_equations(names: list[str], before: int, after: int) -> None:
    model = made(names, before, after)
    w, target = leaves(model), torch.randn(len(names), 16, generator=torch.Generator().manual_seed(1)).double()
    fast = model.finished(model.encode_classes())
    slow = torch.stack([oracle.feature(w, 2, 3, TEXTS[name], before, after) for name in names])
    assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
    (fast * target).sum().backward()
    (slow * target).sum().backward()
    for name in ("prompt_table", "positional_embedding", "transformer.resblocks.0.attn.in_proj_weight"):
        found, expected = model.get_parameter(name).grad, w[name].grad
        assert found is not None and expected is not None
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-10), name
    unread = w["prompt_table"].grad.norm(dim=1) == 0  # rows under tokens alone, and behind every [EOT]
    assert unread[0] and unread.equal(model.prompt_table.grad.norm(dim=1) == 0)


def test_texts_of_some_classes_are_theirs_among_all() -> None:
    model, among = made(list(TEXTS), 4, 8), torch.tensor([3, 0, 4])
    with torch.no_grad():
        some, every = (model.finished(model.encode_classes(chosen)) for chosen in (among, None))
        rows = ([*TEXTS["stop!"], *[0] * padding] for padding in (73, 0))
        others = [model.finished(model.encode_tokens(torch.tensor([ids])))[0] for ids in rows]
    assert torch.allclose(some, every[among], atol=1e-12)
    assert all(torch.allclose(other, every[3], atol=1e-12) for other in others)


@pytest.mark.parametrize("blocks", [1, 2])
def test_logits_are_cosines_of_the_blocks_mean_over_the_temperature(blocks: int) -> None:
    model = made(list(TEXTS), 4, 8, blocks)
    w, video = leaves(model), torch.randn(2, 3, 3, 16, 16, generator=torch.Generator().manual_seed(2)).double()
    frames = model.encode_video(video).frames.detach()
    videos = [frame_transformer.video(w, "temporal", blocks, 1, of_one, residual=False) for of_one in frames]
    texts = [oracle.feature(w, 2, 3, ids, 4, 8) for ids in TEXTS.values()]
    slow = [[v @ t / (v.square().sum() * t.square().sum()).sqrt() / 0.07 for t in texts] for v in videos]
    assert torch.allclose(model(video), torch.stack([torch.stack(row) for row in slow]), rtol=1e-9, atol=1e-9)
