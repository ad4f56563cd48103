"""What a model is composed of: one choice on each of a method's axes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from tcclip.errors import UserError
from tcclip.models.look.looking import Look
from tcclip.models.part import Part
from tcclip.models.pool.pooling import Pool
from tcclip.models.pos.table import PositionTable
from tcclip.models.score.scoring import Score, in_float32
from tcclip.models.text.text_part import TextPart
from tcclip.models.vision.exchange import Exchange
from tcclip.params.architecture import BackboneConfig
from tcclip.params.kinds.make import make
from tcclip.params.method import Method


@dataclass(frozen=True)
class Composition:
    """The parts of a model besides CLIP's two towers."""

    exchange: Exchange  # what a frame sees beside its own tokens
    positions: PositionTable
    pool: Pool
    text: TextPart
    look: Look
    score: Score

    def parts(self, config: BackboneConfig) -> list[Part]:
        """All weights that the kinds add; of parts with one prefix the first one is the module that the others join."""
        own = (self.exchange.part(config), self.positions.part, self.pool.part, self.look.part, self.text.part)
        return [part for part in own if part is not None]


def compose(method: Method, config: BackboneConfig, tokens: Tensor, frames: int) -> Composition:
    """The composition of `method` over texts of token ids (C, L) for videos of `frames` frames.

    Raises UserError where the backbone or the texts are not made for the method.
    """
    try:
        return Composition(
            exchange=make(method.vision, method, config, frames),
            positions=make(method.pos, config, frames),
            pool=make(method.pool, config, frames),
            text=make(method.text, config, tokens),
            look=make(method.look, config),
            score=in_float32(make(method.score)),  # also of a kind that does not think of it
        )
    except UserError as error:
        raise UserError(f"method {method.name}: {error}") from error
