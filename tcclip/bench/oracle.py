"""The paper's equations written out (tests/oracle/equations.py), loaded by path: there only in a checkout."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models import BackboneConfig
from tcclip.params import Method

EQUATIONS = Path(__file__).parents[2] / "tests" / "oracle" / "equations.py"


def equations() -> ModuleType:
    """The module of the equations."""
    if not EQUATIONS.is_file():
        raise UserError(f"the row 'oracle' needs {EQUATIONS}, which only a checkout has: leave the row out")
    spec = importlib.util.spec_from_file_location("tcclip_oracle", EQUATIONS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def logits(w: Mapping[str, Tensor], config: BackboneConfig, method: Method, tokens: Tensor, video: Tensor) -> Tensor:
    """Video (B, T, 3, H, W) and token ids (C, L), padded with 0, -> logits (B, C), video by video and text by text."""
    module = equations()
    sizes = module.Sizes(
        patch=config.patch_size,
        vision_heads=config.vision_heads,
        text_heads=config.text_heads,
        vision_layers=config.vision_layers,
        text_layers=config.text_layers,
    )
    assert method.tc is not None
    context = module.Context(method.tc.alpha, method.tc.k, method.tc.r, method.vision.bias)
    texts = [row[: int(row.argmax()) + 1].tolist() for row in tokens]
    return torch.stack([module.logits(w, sizes, clip, texts, context, prompting=True) for clip in video])
