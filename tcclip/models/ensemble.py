"""Weight-space ensembling: a straight line between CLIP's weights and the fine-tuned ones (methods.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

OWN = ("vp.", "tc.")  # parameters that CLIP has not: they are never mixed
JOINT, SPACE = "visual.positional_embedding_joint", "visual.positional_embedding"


def ensemble(clip: Mapping[str, Tensor], tuned: Mapping[str, Tensor], w: float) -> dict[str, Tensor]:
    """(1 - w) CLIP + w tuned for every parameter of CLIP, by canonical names; w = 1 is the fine-tuned model.

    vp.* and tc.* come from `tuned`, the token table, which is not trained, from `clip` (absent there, it stays absent).
    CLIP's counterpart of a position table per frame is its one table for every frame.
    """
    mixed = {}
    for name, tensor in tuned.items():
        if name.startswith(OWN):
            mixed[name] = tensor
        elif name != "token_embedding.weight":
            base = clip[SPACE] if name == JOINT and JOINT not in clip else clip[name]
            mixed[name] = (1 - w) * base.to(tensor.device) + w * tensor
    if "token_embedding.weight" in clip:
        mixed["token_embedding.weight"] = clip["token_embedding.weight"]
    return mixed
