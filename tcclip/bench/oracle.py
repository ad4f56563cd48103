"""The paper's equations written out (tests/oracle/equations.py), loaded by path: there only in a checkout."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models import BackboneConfig
from tcclip.params import Method
from tcclip.params.kinds.summarizer.bipartite import Settings as Bipartite
from tcclip.params.kinds.vision.context import Settings as Context

MODE = "vp_ctx"  # the equations' name of the text of TC-CLIP
FOLDER = Path(__file__).parents[2] / "tests" / "oracle"


def in_checkout() -> bool:
    """Whether the equations are there; an installed package has no tests."""
    return (FOLDER / "equations.py").is_file()


def equations() -> tuple[ModuleType, ModuleType]:
    """The modules `equations` and `sizes`; they import each other by these names, so their folder joins the path."""
    if not in_checkout():
        raise UserError(f"the row 'oracle' needs {FOLDER}, which only a checkout has: leave the row out")
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("equations"), importlib.import_module("sizes")


def logits(w: Mapping[str, Tensor], config: BackboneConfig, method: Method, tokens: Tensor, video: Tensor) -> Tensor:
    """Video (B, T, 3, H, W) and token ids (C, L), padded with 0, -> logits (B, C), video by video and text by text."""
    module, sizes = equations()
    assert method.tc is not None and isinstance(method.tc.summarizer, Bipartite)
    assert isinstance(method.vision, Context)
    layers = config.vision_layers
    exchange = sizes.Exchange(
        ref="context",
        bias=method.vision.bias,
        infuse=method.vision.infusing(layers),
        summarise=method.vision.summarising(layers),
        context=sizes.Context(method.tc.alpha, method.tc.k, method.tc.summarizer.r),
    )
    known = sizes.Sizes(config.patch_size, config.vision_heads, config.text_heads, layers, config.text_layers)
    text = method.text
    texts = [row[: int(row.argmax()) + 1].tolist() for row in tokens]
    return torch.stack([module.logits(w, known, clip, texts, exchange, MODE, text.learns) for clip in video])
