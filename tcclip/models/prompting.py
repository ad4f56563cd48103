"""What a text mode learns anew: prompt vectors, and a block in which text looks at a video's tokens.

The paper's video-conditional prompting (section 3.3, Eq. 12) and the other rows of Table 10 are recipes of these two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models.transformer import Attention, LayerNorm, Mlp


@dataclass(frozen=True)
class TextRecipe:
    """What a text mode adds to CLIP's text tower (Tables 7 and 10)."""

    prompts: int  # learned vectors in the place of the prompt's first words; 0: the words stay
    looks_at: Literal["frames", "context"] | None  # the features of the video that the text looks at
    late: bool  # the finished text features look; otherwise the prompts do, before the last layer


FIXED_PROMPT = TextRecipe(prompts=0, looks_at=None, late=False)


class Prompting(nn.Module):
    """Prompt vectors, where a recipe learns them, and the looking block, where it looks."""

    def __init__(self, recipe: TextRecipe, width: int, heads: int) -> None:
        super().__init__()
        if recipe.prompts:
            self.prompt_vectors = nn.Parameter(torch.empty(recipe.prompts, width))
        if recipe.looks_at:
            self.ln_prompt, self.ln_context, self.ln_ffn = LayerNorm(width), LayerNorm(width), LayerNorm(width)
            self.cross_attn = Attention(width, heads)
            self.ffn = Mlp(width)

    def forward(self, rows: Tensor, seen: Tensor) -> Tensor:
        """Rows of text (n, W) and features of videos (B, k, E), E = W, -> the rows as each video has them (B, n, W).

        The rows are prompt states, or the features of n classes (late fusion); they do not see each other. The largest
        tensor is the feed-forward's hidden layer, (B, n, 4W).
        """
        query = self.cross_attn.query(self.ln_prompt(rows)).transpose(0, 1)  # (heads, n, d)
        key, value = self.cross_attn.key_value(self.ln_context(seen))  # (B, k, heads, d)
        mixed = F.scaled_dot_product_attention(
            query.expand(len(seen), -1, -1, -1), key.transpose(1, 2), value.transpose(1, 2)
        )  # (B, heads, n, d)
        rows = rows + self.cross_attn.out_proj(mixed.transpose(1, 2).flatten(2))
        added: Tensor = self.ffn(rows, self.ln_ffn(rows))
        return added


def initial_prompting(tensors: Mapping[str, Tensor], last_layer: int, prompt_tokens: Tensor) -> dict[str, Tensor]:
    """First weights of all parts by canonical name: CLIP's last text block, its LN1 twice, and the words' embeddings.

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
