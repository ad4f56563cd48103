"""Video-specific prompts: finished text features look at the patches of the last layer (X-CLIP; methods.md 3.4).

No tensor has a row for every class and patch of a video: the memory is one row a patch, the texts are one row a class,
and between them stands a fused attention, which keeps no map.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from tcclip.models.attention import attend_across
from tcclip.models.initial_values import constant, drawn, normal
from tcclip.models.look.looking import Look, look
from tcclip.models.part import Part
from tcclip.models.transformer import Attention, LayerNorm, Mlp, heads_of
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.look.patches import Settings

PREFIX = "prompt"


def make(settings: Settings, config: BackboneConfig) -> Look:
    """The layers, at the patches."""
    width, embed = config.vision_width, config.embed_dim
    start = drawn(
        {
            "patch_proj": normal(1.0),
            "alpha": constant(settings.alpha),
            "in_proj_weight": normal(0.02),
            "out_proj.weight": normal(0.02),
            "mlp.c_fc.weight": normal(0.02),
            "mlp.c_proj.weight": normal(0.02),
            "out_proj.bias": constant(0),
            "mlp.c_fc.bias": constant(0),
            "mlp.c_proj.bias": constant(0),
        }
    )  # systems/xclip.md, fact 4
    module = partial(VideoPrompts, width, embed, settings.layers)

    def macs(frames: int, classes: int) -> int:
        rows = config.patches
        memory = frames * rows * width * embed  # of every frame, as published; here of their mean
        return memory + settings.layers * (2 * rows * embed**2 + classes * (10 * embed**2 + 2 * rows * embed))

    part = Part("look", PREFIX, module, start, new_rate=True)
    return Look(settings.looks_at, features=look, part=part, macs=macs)


class VideoPrompts(nn.Module):
    """Texts (C, E) as each video has them: c + alpha * prompt, where the prompt is what c has become by looking."""

    def __init__(self, width: int, embed: int, layers: int) -> None:
        super().__init__()
        self.ln_patch = LayerNorm(width)
        self.patch_proj = nn.Parameter(torch.empty(width, embed))
        self.ln_memory = LayerNorm(embed)
        self.layers = [str(number) for number in range(layers)]
        for name in self.layers:
            self.add_module(name, PromptLayer(embed))
        self.alpha = nn.Parameter(torch.empty(embed))

    def forward(self, texts: Tensor, patches: Tensor) -> Tensor:
        """Texts (C, E), not normalised, and patches (B, T, N, D) without the tower's last norm -> (B, C, E)."""
        # The projection of a mean is the mean of projections, and T times cheaper.
        memory = self.ln_memory(self.ln_patch(patches).mean(dim=1) @ self.patch_proj)  # (B, N, E)
        prompts = texts
        for name in self.layers:
            prompts = self.get_submodule(name)(prompts, memory)
        return texts + self.alpha * prompts


class PromptLayer(nn.Module):
    """c + MHCA(LN1 c, memory), then c + MLP(LN2 c); the memory is not normed again, its projections have no bias."""

    def __init__(self, embed: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = LayerNorm(embed), LayerNorm(embed)
        self.cross_attn = Attention(embed, heads_of(embed), bias=False)
        self.mlp = Mlp(embed)

    def forward(self, rows: Tensor, memory: Tensor) -> Tensor:
        """Texts (C, E), or (B, C, E), and memory (B, N, E) -> (B, C, E); texts do not see each other."""
        rows = rows + attend_across(self.cross_attn, self.ln_1(rows), memory)
        prompted: Tensor = self.mlp(rows, self.ln_2(rows))
        return prompted
