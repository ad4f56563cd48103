"""Weight-space ensembling: a straight line between CLIP's weights and the fine-tuned ones (methods.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from tcclip.models.canonical import CLIP, TOKEN_TABLE


def ensemble(clip: Mapping[str, Tensor], tuned: Mapping[str, Tensor], w: float) -> dict[str, Tensor]:
    """(1 - w) CLIP + w tuned for every parameter of CLIP, by canonical names; w = 1 is the fine-tuned model.

    The parts of kinds, which CLIP has not, come from `tuned`; a token table that is not trained, and so not in
    `tuned`, comes from `clip` (absent there, it stays absent).
    """
    mixed = {}
    for name, tensor in tuned.items():
        is_clips = name.partition(".")[0] in CLIP and name in clip  # `clip` may be a whole model, with parts
        mixed[name] = (1 - w) * clip[name].to(tensor.device) + w * tensor if is_clips else tensor
    if TOKEN_TABLE in clip and TOKEN_TABLE not in tuned:
        mixed[TOKEN_TABLE] = clip[TOKEN_TABLE]
    return mixed
