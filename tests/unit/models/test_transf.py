"""ActionCLIP's temporal transformer: how it starts, and for how many frames it is (systems/action_clip.md, 7.11)."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.pool.pooling import Pool
from tcclip.models.pool.transf import make
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.pool.transf import Settings

CONFIG = BackboneConfig(224, 16, 768, 12, 12, 512, 8, 12, 512)


@pytest.fixture(scope="module")
def head() -> tuple[Pool, nn.Module, dict[str, Tensor]]:
    """The untrained head at ViT-B/16, and its first values."""
    pool = make(Settings(), CONFIG, 16)
    assert pool.part is not None
    own = pool.part.module()
    values = pool.part.start({name: p.shape for name, p in own.named_parameters()}, {}, 0)
    own.load_state_dict(values, assign=True)
    return pool, own, values


def test_matrices_and_the_table_start_small_and_attention_by_xavier(
    head: tuple[Pool, nn.Module, dict[str, Tensor]],
) -> None:
    _, _, values = head
    assert sum(tensor.numel() for tensor in values.values()) == 18_953_728
    assert values["positional_embedding"].shape == (77, 512)
    for name, tensor in values.items():
        if name.endswith("in_proj_weight"):  # query, key and value as one matrix
            bound = (6 / (3 * 512 + 512)) ** 0.5
            assert 0.99 * bound < tensor.abs().max() <= bound
            assert tensor.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
        elif name.endswith("bias"):
            assert not tensor.any()
        elif "ln_" in name:
            assert (tensor == 1).all()
        else:
            assert tensor.std().item() == pytest.approx(0.02, rel=0.02) and tensor.abs().max() > 0.07, name


def test_an_untrained_head_moves_videos_away_from_the_mean_of_their_frames(
    head: tuple[Pool, nn.Module, dict[str, Tensor]],
) -> None:
    pool, own, _ = head
    numbers = torch.Generator().manual_seed(0)
    for norm in (11, 16):
        frames = norm * F.normalize(torch.randn(4, 16, 512, generator=numbers), dim=-1)
        with torch.no_grad():
            alike = F.cosine_similarity(pool.pool(frames, own), frames.mean(dim=1))
        assert alike.min() > 0.4 and alike.max() < 0.85


def test_a_view_may_have_any_number_of_frames_up_to_77(head: tuple[Pool, nn.Module, dict[str, Tensor]]) -> None:
    pool, own, _ = head
    with torch.no_grad():
        assert pool.pool(torch.zeros(1, 77, 512), own).shape == (1, 512)
    with pytest.raises(UserError, match="for videos of 77 frames and this one has 78"):
        pool.pool(torch.zeros(1, 78, 512), own)
