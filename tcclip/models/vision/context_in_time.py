"""Context tokens that know when they are: each carries the mean time code of the patches that it is made of.

Beyond the paper, whose context tokens are a set: no layer of TC-CLIP can tell one order of frames from another
(docs/spec/methods.md 3.11). One code (T, D) serves all layers. It is added to a context token where the layer has made
it, so that the keys and the values of the next layer have it, and what the texts look at; the frames' own tokens never
get it. It starts at zero, where the model is TC-CLIP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from tcclip.errors import UserError
from tcclip.models.part import Part, truncated_normal
from tcclip.models.pos.table import TIME
from tcclip.models.summarizer.groups import sizes, sum_by_group
from tcclip.models.transformer import Block
from tcclip.models.vision import context
from tcclip.models.vision.exchange import Exchange, Note, Pass
from tcclip.models.vision.layers import LayerOutput
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.vision.context_in_time import Settings
from tcclip.params.method import Method

NAME = f"tc.{TIME}"  # (T, D); CLIP has no such weight, so that no ensemble mixes it


def make(settings: Settings, method: Method, config: BackboneConfig, frames: int) -> TimedExchange:
    """The exchange of context tokens, and a code for each of the frames."""
    return TimedExchange(context.make(settings, method, config, frames), frames, settings.gain)


@dataclass(frozen=True)
class TimedExchange:
    """Context tokens are made as without a code, and then get it."""

    untimed: Exchange
    frames: int  # T
    gain: float  # what the learned numbers count in a token

    @property
    def fixed_draws(self) -> Tensor | None:
        """As without a code."""
        return self.untimed.fixed_draws

    def part(self, config: BackboneConfig) -> Part:
        """The attention biases, which start as without a code, and the code, which starts at zero."""
        biases = self.untimed.part(config)

        def module() -> nn.Module:
            own = nn.ModuleDict() if biases is None else biases.module()
            own.register_parameter(TIME, nn.Parameter(torch.empty(self.frames, config.vision_width)))
            return own

        def start(names: Mapping[str, torch.Size], clip: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
            others = {name: shape for name, shape in names.items() if name != NAME}
            return truncated_normal(others, clip, seed) | {NAME: torch.zeros(names[NAME])}

        return Part("vision", "tc", module, start)

    def layer(self, number: int, block: Block, before: LayerOutput, run: Pass) -> LayerOutput:
        """As without a code, which the new context tokens get at the end."""
        output = self.untimed.layer(number, block, before, run)
        if output.context is None:
            return output
        assert run.own is not None and output.group is not None  # both come with context tokens
        code, frames = run.own.get_parameter(TIME), output.tokens.shape[1]
        if len(code) != frames:
            raise UserError(
                f"the model's time code is for videos of {len(code)} frames and this one has {frames}: build it for "
                f"{frames} frames (`frames` of the protocol); weights trained with {len(code)} do not fit then"
            )
        added = mean_code(self.gain * code, output.group, output.context.shape[1])
        return output._replace(context=output.context + added)

    def macs(self, config: BackboneConfig, frames: int) -> int:
        """As without a code, which is only added."""
        return self.untimed.macs(config, frames)

    def noting(self, note: Note) -> TimedExchange:
        """As without a code."""
        return replace(self, untimed=self.untimed.noting(note))


def mean_code(code: Tensor, group: Tensor, count: int) -> Tensor:
    """The mean over the seeds of every context token of their frames' codes (T, D), (B, count, D).

    group (B, T*S): the context token of each seed, frame by frame; one without seeds has no code.
    """
    of_seeds = code.repeat_interleave(group.shape[1] // len(code), dim=0).expand(len(group), -1, -1)
    return sum_by_group(of_seeds, group, count) / sizes(of_seeds, group, count).clamp_min(1)
