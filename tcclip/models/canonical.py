"""The canonical names of a CLIP's tensors, which are OpenAI's, with their shapes, and what all CLIPs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tcclip.params.architecture import BackboneConfig

TOKEN_TABLE = "token_embedding.weight"
VOCABULARY = 49408  # rows of CLIP's token table
POSITIONS = 77  # rows of CLIP's text position table
CLIP = (  # how the names of CLIP's tensors begin; beside them in a model are the parts of its kinds
    "visual",
    "transformer",
    "token_embedding",
    "positional_embedding",
    "ln_final",
    "text_projection",
    "logit_scale",
)
PROJECTOR = "projector"  # how names of what a training has between features and a teacher begin; no test has it
START, END = 49406, 49407  # token ids that open and close every text

Value = TypeVar("Value")


def in_a_test(named: Mapping[str, Value]) -> dict[str, Value]:
    """Those of a training's weights, by canonical name, that a test has too."""
    return {name: value for name, value in named.items() if name.partition(".")[0] != PROJECTOR}


def canonical_shapes(config: BackboneConfig) -> dict[str, tuple[int, ...]]:
    """The tensors of a CLIP: OpenAI's state-dict names and their shapes."""
    width, embed = config.vision_width, config.embed_dim
    shapes: dict[str, tuple[int, ...]] = {
        "visual.class_embedding": (width,),
        "visual.positional_embedding": (config.patches + 1, width),
        "visual.conv1.weight": (width, 3, config.patch_size, config.patch_size),
        "visual.proj": (width, embed),
    }
    for norm in ("ln_pre", "ln_post"):
        shapes[f"visual.{norm}.weight"] = shapes[f"visual.{norm}.bias"] = (width,)
    for layer in range(config.vision_layers):
        shapes |= _block_shapes(f"visual.transformer.resblocks.{layer}.", width)
    width = config.text_width
    for layer in range(config.text_layers):
        shapes |= _block_shapes(f"transformer.resblocks.{layer}.", width)
    return shapes | {
        "token_embedding.weight": (VOCABULARY, width),
        "positional_embedding": (POSITIONS, width),
        "ln_final.weight": (width,),
        "ln_final.bias": (width,),
        "text_projection": (width, embed),
        "logit_scale": (),
    }


def _block_shapes(prefix: str, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "attn.in_proj_weight": (3 * width, width),
        "attn.in_proj_bias": (3 * width,),
        "attn.out_proj.weight": (width, width),
        "attn.out_proj.bias": (width,),
        "ln_1.weight": (width,),
        "ln_1.bias": (width,),
        "mlp.c_fc.weight": (4 * width, width),
        "mlp.c_fc.bias": (4 * width,),
        "mlp.c_proj.weight": (width, 4 * width),
        "mlp.c_proj.bias": (width,),
        "ln_2.weight": (width,),
        "ln_2.bias": (width,),
    }
    return {prefix + name: shape for name, shape in shapes.items()}
