"""What a look is, and the block in which rows of text look at a video's tokens (Eq. 11 and 12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.attention import attend_across
from tcclip.models.part import Part
from tcclip.models.transformer import Attention, LayerNorm, Mlp
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look._look import Seen

PREFIX = "vp"  # shared with the learned prompt vectors
# Own weights, rows (n, W), and what is looked at: features of videos (B, k, E), or patches (B, T, N, D).
Rows = Callable[[nn.Module | None, Tensor, Tensor], Tensor]


class Look(NamedTuple):
    """Where the texts look at a video, and with which weights."""

    looks_at: Seen | None = None  # the features of a video
    prompts: Rows | None = None  # prompt states (n, W) before the last layer -> (B, n, W)
    features: Rows | None = None  # finished text features (C, W) -> (B, C, W)
    part: Part | None = None
    macs: Callable[[int, int], int] | None = None  # frames, classes -> multiply-accumulates; None: not counted


def looking_part(kind: str, config: BackboneConfig) -> Part:
    """The looking block, which starts as CLIP's last text block with its first norm twice."""
    if config.text_width != config.embed_dim:
        raise UserError(
            f"look '{kind}' needs a backbone with text_width = embed_dim, this one has {config.text_width} and "
            f"{config.embed_dim}"
        )

    def start(names: Mapping[str, torch.Size], clip: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
        block = f"transformer.resblocks.{config.text_layers - 1}."
        sources = {"ln_prompt": "ln_1", "ln_context": "ln_1", "ln_ffn": "ln_2", "cross_attn": "attn", "ffn": "mlp"}
        values = {}
        for name in names:
            module, _, rest = name.removeprefix(f"{PREFIX}.").partition(".")
            values[name] = torch.clone(clip[f"{block}{sources[module]}.{rest}"])
        return values

    return Part("look", PREFIX, partial(Looking, config.text_width, config.text_heads), start, new_rate=True)


class Looking(nn.Module):
    """Cross-attention of text rows to a video's tokens, and a feed-forward."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_prompt, self.ln_context, self.ln_ffn = LayerNorm(width), LayerNorm(width), LayerNorm(width)
        self.cross_attn = Attention(width, heads)
        self.ffn = Mlp(width)

    def forward(self, rows: Tensor, seen: Tensor) -> Tensor:
        """Rows of text (n, W) and features of videos (B, k, E), E = W, -> the rows as each video has them (B, n, W).

        The rows are prompt states, or the features of n classes (late fusion); they do not see each other. The largest
        tensor is the feed-forward's hidden layer, (B, n, 4W).
        """
        rows = rows + attend_across(self.cross_attn, self.ln_prompt(rows), self.ln_context(seen))
        added: Tensor = self.ffn(rows, self.ln_ffn(rows))
        return added


def look(own: nn.Module | None, rows: Tensor, seen: Tensor) -> Tensor:
    """Rows (n, W) as each video has them, (B, n, W)."""
    assert own is not None
    looked: Tensor = own(rows, seen)
    return looked
