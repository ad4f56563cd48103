"""What a score is."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

# videos (B, E) or (B, T, E), texts (C, E) or (B, C, E), neither normalised, and exp(logit_scale) -> logits (B, C)
Score = Callable[[Tensor, Tensor, Tensor], Tensor]
