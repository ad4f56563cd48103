"""A method's model from its parts, and its weights in and out by their canonical names."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.backbone import Backbone, check_names
from tcclip.models.class_texts import class_prompts
from tcclip.models.clip_video import ClipVideo
from tcclip.models.config import canonical_shapes
from tcclip.models.ensemble import JOINT, SPACE
from tcclip.models.exchange import draws_of, frame_exchange
from tcclip.models.prompting import TextRecipe, initial_prompting
from tcclip.models.tokens import end_positions, shared_prefix, token_rows
from tcclip.params.architecture import BackboneConfig
from tcclip.params.method import Method

TABLE = "token_embedding.weight"


def build(method: Method, backbone: Backbone, class_names: Sequence[str], num_frames: int) -> ClipVideo:
    """The model of `method` over `class_names` for videos of `num_frames`, with the backbone's weights.

    New parameters start as the paper says; the same arguments give the same weights. Raises UserError when a class
    name does not fit into the text or the backbone is not made for the method.
    """
    tokens = token_rows(class_prompts(method, class_names), backbone.tokens, method.text.context_length)
    _check(method, backbone.config, tokens)
    model = skeleton(method, backbone.config, tokens, num_frames)
    model.load_state_dict(_initial_weights(model, backbone, tokens), strict=True, assign=True)
    return model


def skeleton(method: Method, config: BackboneConfig, tokens: Tensor, num_frames: int) -> ClipVideo:
    """`method`'s model over texts of token ids (C, L) without values: all its weights are on the meta device.

    For its names and shapes, and for counting what it costs, neither of which needs memory or random numbers.
    """
    fixed_draws = draws_of(method, config, num_frames)
    with torch.device("meta"):
        return ClipVideo(
            config,
            tokens[:, : int(end_positions(tokens).max()) + 1],
            torch.empty(canonical_shapes(config)[TABLE]),
            frame_exchange(method, config),
            bias=method.vision.bias,
            text_recipe=_text_recipe(method),
            joint_frames=num_frames if method.pos == "joint" else None,
            fixed_draws=fixed_draws,
        )


def load_canonical(model: nn.Module, tensors: Mapping[str, Any], trained_only: bool = False) -> None:
    """Fill `model` from canonical names -> tensors or arrays; a missing, unknown or misshapen one is a UserError.

    With `trained_only`, `tensors` are what a run saves: everything but the token table, which stays the backbone's.
    """
    state = _names(model, trained_only)
    given = {name: torch.as_tensor(value) for name, value in tensors.items()}
    check_names(
        {name: tuple(tensor.shape) for name, tensor in given.items()},
        {name: tuple(tensor.shape) for name, tensor in state.items()},
        "the given weights",
    )
    with torch.no_grad():
        for name, tensor in state.items():
            if name == TABLE:  # shared with the backbone: replaced, never written to
                model.get_submodule("token_embedding").weight = given[name].to(tensor)
            else:
                tensor.copy_(given[name])


def canonical_state(model: nn.Module, trained_only: bool = True) -> dict[str, Tensor]:
    """Copies of the model's weights by canonical name; `trained_only` leaves the token table out, as runs do."""
    return {name: tensor.detach().clone() for name, tensor in _names(model, trained_only).items()}


def _names(model: nn.Module, trained_only: bool) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in model.state_dict().items() if not (trained_only and name == TABLE)}


def _check(method: Method, config: BackboneConfig, tokens: Tensor) -> None:
    text = _text_recipe(method)
    if not len(tokens):
        raise UserError(f"method {method.name}: the list of class names is empty")
    if text.looks_at and config.text_width != config.embed_dim:
        raise UserError(
            f"method {method.name}: text.mode {method.text.mode} needs a backbone with text_width = embed_dim, "
            f"this one has {config.text_width} and {config.embed_dim}"
        )
    if text.prompts and shared_prefix(tokens) < 1 + text.prompts:
        raise UserError(
            f"method {method.name}: text.prompt '{method.text.prompt}' must begin with at least "
            f"text.n_ctx = {text.prompts} tokens before {{name}}"
        )


def _text_recipe(method: Method) -> TextRecipe:
    """What the method's text adds to CLIP's."""
    text = method.text
    return TextRecipe(text.n_ctx if text.learns_prompts else 0, text.looks_at, late=text.mode == "late_fusion")


def _initial_weights(model: ClipVideo, backbone: Backbone, tokens: Tensor) -> dict[str, Tensor]:
    """The first value of every weight of `model` by canonical name."""
    weights: dict[str, Tensor] = {}
    for name, expected in model.state_dict().items():
        if name == TABLE:
            weights[name] = backbone.tensors[name]
        elif name == JOINT:
            weights[name] = backbone.tensors[SPACE].repeat(len(expected), 1, 1)
        elif name.startswith("tc."):
            stream = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            weights[name] = nn.init.trunc_normal_(torch.empty(expected.shape), std=0.02, generator=stream)
        elif not name.startswith("vp."):
            weights[name] = backbone.tensors[name].clone()
    if model.vp is not None:
        words = tokens[0, 1 : 1 + model.text_recipe.prompts]
        parts = initial_prompting(backbone.tensors, backbone.config.text_layers - 1, words)
        weights |= {name: tensor for name, tensor in parts.items() if name in model.state_dict()}
    return weights
