"""The names of the authors' released checkpoints (TC-CLIP and ViFi-CLIP) and our canonical ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from tcclip.errors import UserError

Shape = tuple[int, ...]

WRAPPED = "module."  # in front of every name: the models were saved out of DistributedDataParallel
IGNORED = (  # buffers that belong to the classes of the training
    "prompt_learner.token_prefix",
    "prompt_learner.token_suffix",
    "prompt_learner.complete_text_embeddings",
)
VP = "text_encoder.prompt_generation_layer.0."
STARTS = (  # canonical, released; the first that fits counts
    ("logit_scale", "logit_scale"),
    ("visual.", "image_encoder."),
    ("vp.prompt_vectors", "prompt_learner.ctx"),
    ("vp.ln_prompt.", f"{VP}ln_1."),
    ("vp.ln_context.", f"{VP}ln_1_kv."),
    ("vp.ln_ffn.", f"{VP}ln_2."),
    ("vp.cross_attn.", f"{VP}attn."),
    ("vp.ffn.", f"{VP}mlp."),
    ("", "text_encoder."),
)


def guess_method(names: Iterable[str]) -> str:
    """The method whose names these are: only TC-CLIP learns prompt vectors.

    Any other released file is of ViFi-CLIP's own repository, which tests with other frames and names than the paper.
    """
    learns = any(name.removeprefix(WRAPPED) == "prompt_learner.ctx" for name in names)
    return "tc_clip" if learns else "vifi_clip-original"


def canonical(
    found: Mapping[str, Shape], expected: Mapping[str, Shape], read: Callable[[str], Tensor], where: str
) -> dict[str, Tensor]:
    """The tensors of a released checkpoint by canonical name, float32.

    Args:
        found: the checkpoint's names -> shapes.
        expected: canonical names -> shapes of the model that it is to fill.
        read: gives the tensor of a checkpoint's name.
        where: the file and the method, for errors.

    Raises:
        UserError: a tensor is missing, unknown, of another shape, or not finite.
    """
    names = {name.removeprefix(WRAPPED): name for name in found}
    parts = {name: released_parts(name, shape, names) for name, shape in expected.items()}
    wanted = {name: shape for pieces in parts.values() for name, shape in pieces}
    _check({name: found[full] for name, full in names.items() if name not in IGNORED}, wanted, where)
    tensors = {}
    for name, pieces in parts.items():
        tensor = torch.cat([read(names[piece]).float().reshape(-1) for piece, _ in pieces]).reshape(expected[name])
        if not tensor.isfinite().all():
            raise UserError(f"{where}: '{pieces[0][0]}' has values that are not finite: download the file again")
        tensors[name] = tensor
    return tensors


def released_parts(name: str, shape: Shape, names: Iterable[str]) -> list[tuple[str, Shape]]:
    """The released tensors that make up a canonical one, and their shapes; `names` are those of the checkpoint.

    Query, key and value are one tensor in some attentions and three in others.
    """
    if name.startswith("tc."):
        layer, heads = name.split(".")[1], shape[0]
        return [(f"image_encoder.transformer.resblocks.{layer}.attn.local_global_bias_table", (heads, 1, shape[1]))]
    ours, theirs = next(pair for pair in STARTS if name.startswith(pair[0]))
    released = theirs + name[len(ours) :]
    if "in_proj_" not in released or released in names:
        return [(released, shape)]
    split = [released.replace("in_proj_", f"{part}_proj.") for part in "qkv"]
    if split[0] not in names:
        return [(released, shape)]
    return [(part, (shape[0] // 3, *shape[1:])) for part in split]


def _check(found: Mapping[str, Shape], wanted: Mapping[str, Shape], where: str) -> None:
    for what, odd in (("lacks", wanted.keys() - found.keys()), ("has unknown", found.keys() - wanted.keys())):
        if odd:
            raise UserError(f"{where}: the file {what} {len(odd)} tensors, the first is '{min(odd)}'")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise UserError(f"{where}: '{name}' has the shape {found[name]} in the file and should have {shape}")
