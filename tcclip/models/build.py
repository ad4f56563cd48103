"""A method's model from its parts, and its weights in and out by their canonical names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.backbone import Backbone, check_names
from tcclip.models.canonical import TOKEN_TABLE, canonical_shapes
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.composition import compose
from tcclip.models.part import Part
from tcclip.models.pos.table import SPACE
from tcclip.models.tokens import end_positions, token_rows
from tcclip.params.architecture import BackboneConfig
from tcclip.params.method import Method
from tcclip.params.texts import NONE, OutsideTexts
from tcclip.params.trained import Trained


def build(
    method: Method,
    backbone: Backbone,
    class_names: Sequence[str],
    num_frames: int,
    *,
    recompute: bool = False,
    texts: OutsideTexts = NONE,
    added: Sequence[Part] = (),
    seed: int = 0,
) -> ClipVideo:
    """The model of `method` over `class_names` for videos of `num_frames`, with the backbone's weights.

    New parameters start as the paper says, drawn by `seed`; the same arguments give the same weights. With `recompute`,
    training keeps less of the vision layers' insides and computes them twice. `texts` are those from outside that the
    method needs (docs/texts.md), `added` weights that its training needs beside those of the model. Raises UserError
    when a class name does not fit into the text, when one of `texts` is missing, or when the backbone is not made for
    the method.
    """
    if not class_names:
        raise UserError(f"method {method.name}: the list of class names is empty")
    tokens = token_rows(
        class_prompts(method, class_names, texts), backbone.tokens, method.text.context_length, method.text.beside
    )
    model = skeleton(method, backbone.config, tokens, num_frames, recompute, added)
    first = _first_values(model, backbone, seed) | _scale(method, trained=bool(method.train))
    model.load_state_dict(first, strict=True, assign=True)
    return model


def skeleton(
    method: Method,
    config: BackboneConfig,
    tokens: Tensor,
    num_frames: int,
    recompute: bool = False,
    added: Sequence[Part] = (),
) -> ClipVideo:
    """`method`'s model over texts of token ids (C, L) without values: all its weights are on the meta device.

    For its names and shapes, and for counting what it costs, neither of which needs memory or random numbers.
    """
    method.check_layers(config.vision_layers)
    composition = compose(method, config, tokens, num_frames)
    tokens = composition.text.lay(tokens)
    with torch.device("meta"):
        table = torch.empty(canonical_shapes(config)[TOKEN_TABLE])
        tokens = tokens[:, : int(end_positions(tokens).max()) + 1]
        return ClipVideo(config, tokens, table, composition, recompute, trains_table(method), added)


def trains_table(method: Method) -> bool:
    """Whether the table of token embeddings is one of a method's weights."""
    return isinstance(method.train, Trained) and method.train.token_table


def load_canonical(
    model: nn.Module,
    tensors: Mapping[str, Any],
    trained_only: bool = False,
    where: str = "the given weights",
    cure: str = "they are of another method, or of other code",
) -> None:
    """Fill `model` from canonical names -> tensors or arrays; a missing, unknown or misshapen one is a UserError.

    With `trained_only`, `tensors` are what a run saves: everything but a token table that is not trained, which stays
    the backbone's. The error begins with `where` the tensors are from and ends with a `cure`.
    """
    state = _names(model, trained_only)
    given = {name: torch.as_tensor(value) for name, value in tensors.items()}
    check_names(
        {name: tuple(tensor.shape) for name, tensor in given.items()},
        {name: tuple(tensor.shape) for name, tensor in state.items()},
        where,
        cure,
    )
    with torch.no_grad():
        for name, tensor in state.items():
            if name == TOKEN_TABLE and not isinstance(tensor, nn.Parameter):  # the backbone's own
                model.get_submodule("token_embedding").weight = given[name].to(tensor)
            else:
                tensor.copy_(given[name])


def canonical_state(model: nn.Module, trained_only: bool = True) -> dict[str, Tensor]:
    """Copies of the model's weights by canonical name; `trained_only` leaves out a token table that is not trained."""
    return {name: tensor.detach().clone() for name, tensor in _names(model, trained_only).items()}


def _names(model: nn.Module, trained_only: bool) -> dict[str, Tensor]:
    state = model.state_dict(keep_vars=True)
    fixed = {TOKEN_TABLE} if trained_only and not isinstance(state[TOKEN_TABLE], nn.Parameter) else set()
    return {name: tensor for name, tensor in state.items() if name not in fixed}


def _first_values(model: ClipVideo, backbone: Backbone, seed: int) -> dict[str, Tensor]:
    """The first value of every weight of `model` by canonical name."""
    clip, shapes = backbone.tensors, {name: tensor.shape for name, tensor in model.state_dict().items()}
    start = {name: clip[name].clone() for name in shapes if name in clip and name != TOKEN_TABLE}
    table = model.get_submodule("token_embedding").weight
    start |= {TOKEN_TABLE: clip[TOKEN_TABLE].clone() if isinstance(table, nn.Parameter) else clip[TOKEN_TABLE]}
    start |= clip_positions(model, clip)
    for part, names in model.parts:
        start |= part.start({name: shapes[name] for name in names}, clip, seed)
    return {name: start[name] for name in shapes}


def clip_positions(model: ClipVideo, clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """CLIP's weights for the model's position table, whatever its form, by canonical name."""
    table = model.composition.positions
    return {f"visual.{table.name}": table.start(clip[f"visual.{SPACE}"])}


def clip_end(method: Method, model: ClipVideo, clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """CLIP's weights as a weight ensemble of `method`'s mixes them: in the model's form, with its factor untrained."""
    return {**clip, **clip_positions(model, clip), **_scale(method, trained=False)}


def _scale(method: Method, trained: bool) -> dict[str, Tensor]:
    """The logarithm of the cosine's factor where the method does not take CLIP's."""
    scale = method.score.scale
    return {} if scale is None else {"logit_scale": torch.tensor(math.log(scale.start if trained else scale.untrained))}
