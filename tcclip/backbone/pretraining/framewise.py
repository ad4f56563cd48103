"""CLIP as it is, on single frames: the model that is pre-trained and checked."""

from __future__ import annotations

from torch import Tensor

from tcclip.models.clip_video import ClipVideo
from tcclip.models.composition import Composition
from tcclip.models.look.looking import Look
from tcclip.models.pool.mean import mean
from tcclip.models.pool.pooling import Pool
from tcclip.models.pos.table import SPACE, PositionTable
from tcclip.models.score.cosine import cosine
from tcclip.models.text.text_part import TextPart
from tcclip.models.vision.exchange import FrameExchange
from tcclip.params.architecture import BackboneConfig


def framewise(config: BackboneConfig, tokens: Tensor, token_table: Tensor, trained_table: bool = False) -> ClipVideo:
    """The model over texts of token ids (C, L), without values; trained_table: the token table is a weight."""
    positions = PositionTable(SPACE, (config.patches + 1, config.vision_width))
    composition = Composition(FrameExchange(), positions, Pool(mean), TextPart(), Look(), cosine)
    return ClipVideo(config, tokens, token_table, composition, trained_table=trained_table)
