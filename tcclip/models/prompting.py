"""Video-conditional prompting: prompt states look at the video's context tokens (paper, section 3.3, Eq. 12)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models.transformer import Attention, LayerNorm, Mlp


class VideoPrompting(nn.Module):
    """The learned prompt vectors and the block that makes them a video's own before the last text layer."""

    def __init__(self, prompts: int, width: int, heads: int) -> None:
        super().__init__()
        self.prompt_vectors = nn.Parameter(torch.empty(prompts, width))
        self.ln_prompt, self.ln_context, self.ln_ffn = LayerNorm(width), LayerNorm(width), LayerNorm(width)
        self.cross_attn = Attention(width, heads)
        self.ffn = Mlp(width)

    def forward(self, prompts: Tensor, context: Tensor) -> Tensor:
        """Prompt states (n, W) and context features (B, k, E), E = W, -> prompt states of each video (B, n, W)."""
        query = self.cross_attn.query(self.ln_prompt(prompts)).transpose(0, 1)  # (heads, n, d)
        key, value = self.cross_attn.key_value(self.ln_context(context))  # (B, k, heads, d)
        mixed = F.scaled_dot_product_attention(
            query.expand(len(context), -1, -1, -1), key.transpose(1, 2), value.transpose(1, 2)
        )  # (B, heads, n, d)
        prompts = prompts + self.cross_attn.out_proj(mixed.transpose(1, 2).flatten(2))
        change: Tensor = self.ffn(self.ln_ffn(prompts))
        return prompts + change


def initial_prompting(tensors: Mapping[str, Tensor], last_layer: int, prompt_tokens: Tensor) -> dict[str, Tensor]:
    """VP's first weights by canonical name: a copy of CLIP's last text block, its LN1 twice, and the words' embeddings.

    prompt_tokens (n,): ids of the words that the prompt vectors start as.
    """
    block = f"transformer.resblocks.{last_layer}."
    sources = {"ln_prompt": "ln_1", "ln_context": "ln_1", "ln_ffn": "ln_2"}
    start = {
        f"vp.{name}.{kind}": tensors[f"{block}{source}.{kind}"]
        for name, source in sources.items()
        for kind in ("weight", "bias")
    }
    for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"):
        start[f"vp.cross_attn.{name}"] = tensors[f"{block}attn.{name}"]
    for name in ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias"):
        start[f"vp.ffn.{name}"] = tensors[f"{block}mlp.{name}"]
    table = tensors["token_embedding.weight"]
    start["vp.prompt_vectors"] = table[prompt_tokens.to(table.device)]
    return {name: torch.clone(tensor) for name, tensor in start.items()}
