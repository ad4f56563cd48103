"""Which weights of a model are trained, at which factor of the rate, and which of them decay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from tcclip.errors import UserError
from tcclip.models.canonical import TOKEN_TABLE
from tcclip.models.clip_video import ClipVideo
from tcclip.models.pos.table import SPACE
from tcclip.params.method import Method
from tcclip.params.reader import nearest
from tcclip.params.trained import ADDED, Trained

MATRIX = 2  # dimensions at least: norms, biases, the class embedding and the scale have fewer


@dataclass(frozen=True)
class Learning:
    """How the weights learn, by canonical name."""

    trained: Mapping[str, nn.Parameter]
    factors: Mapping[str, float]  # of the rate, where the method says it
    undecayed: frozenset[str]


def learning_of(model: ClipVideo, method: Method) -> Learning:
    """What the method's section `train` means for a model; a part that the model lacks is a UserError."""
    chosen = method.train if isinstance(method.train, Trained) else Trained()
    parts, parameters = parts_of(model), dict(model.named_parameters())
    there = list(dict.fromkeys(parts.values()))
    named = [("parts", part) for part in chosen.parts if chosen.parts != "all"]
    for key, part in named + [("lr_factor", part) for part in chosen.lr_factor]:
        if part not in there:
            raise UserError(
                f"method {method.name}: train.{key} names {part}, and no kind of the method adds such weights: "
                f"{nearest(part, there)}"
            )
    everything, free = chosen.parts == "all", {n: p for n, p in parameters.items() if n not in model.fixed_names}
    trained = {n: p for n, p in free.items() if everything or parts[n] in chosen.parts or n == TOKEN_TABLE}
    return Learning(
        trained,
        {name: chosen.lr_factor[parts[name]] for name in trained if parts[name] in chosen.lr_factor},
        frozenset(name for name, parameter in trained.items() if not _decays(name, parameter, chosen.decay)),
    )


def freeze_others(model: ClipVideo, learning: Learning) -> None:
    """Weights that are not trained get no gradient, and keep the values that they start with."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in learning.trained)


def parts_of(model: ClipVideo) -> dict[str, str]:
    """The part that each weight belongs to, by canonical name (`train.parts`)."""
    added = {name: ADDED.get(part.axis, part.axis) for part, names in model.parts for name in names}
    return {name: added.get(name) or _part_of_clip(name) for name, _ in model.named_parameters()}


def _decays(name: str, parameter: nn.Parameter, decay: str) -> bool:
    if decay == "no_positions" and name.rpartition(".")[2].startswith(SPACE):
        return False
    if decay == "no_vectors":
        return parameter.ndim != 1
    return decay == "all" or parameter.ndim >= MATRIX


def _part_of_clip(name: str) -> str:
    if name == "logit_scale":
        return name
    return "vision" if name.startswith("visual.") else "text"
