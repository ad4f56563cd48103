"""Every frame also sees all tokens of the frames before and after it: 3*M keys."""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.attention import Attended
from tcclip.models.vision.exchange import FrameExchange
from tcclip.models.vision.reference import Reference, bias_per_key
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.adjacent import Settings
from tcclip.params.method import Method


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> FrameExchange:
    """Reference tokens taken from the frames."""
    infuse = frozenset(number - 1 for number in settings.infusing(config.vision_layers))
    taken = settings.reference_tokens(frames, config.patches + 1)
    return FrameExchange(infuse, adjacent(settings.edge), bias=settings.bias, taken=taken)


def adjacent(edge: str) -> Reference:
    """A frame sees the tokens of the frames before and after it: 3*M keys.

    `edge`, for the neighbour that the first and the last frame lack: zero = keys and values of zeros, which take their
    share of the softmax; mask = no keys; replicate = the frame's own tokens again.
    """

    def see(query: Tensor, key: Tensor, value: Tensor, table: Tensor | None) -> Attended:
        frames, places = key.shape[1:3]
        near_key, near_value = (torch.cat([part, *_neighbours(part, edge)], dim=2) for part in (key, value))
        mask = None
        if edge == "mask":
            mask = torch.ones(frames, 3, places, dtype=torch.bool, device=key.device)
            mask[0, 1] = mask[-1, 2] = False
            mask = mask.flatten(1)
        return Attended(query, near_key, near_value, places - 1, bias_per_key(table, places, 2 * places), mask)

    return see


def _neighbours(part: Tensor, edge: str) -> tuple[Tensor, Tensor]:
    """The part (B, T, ...) of the frame before and of the frame after each frame."""
    first, last = part[:, :1], part[:, -1:]
    if edge != "replicate":
        first, last = torch.zeros_like(first), torch.zeros_like(last)
    return torch.cat([first, part[:, :-1]], dim=1), torch.cat([part[:, 1:], last], dim=1)
