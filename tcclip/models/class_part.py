"""The part of the text tower that no video changes, computed once for several batches, in training too.

Its gradient is the sum over the batches of the gradients that arrive at it. They are added up at a cut and sent through
the text layers once: the same gradient as if every batch had computed the part anew, at the cost of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tcclip.models.clip_video import ClipVideo
from tcclip.models.text.tower import ClassReaders


@dataclass(frozen=True)
class ClassPart:
    """The class part for the batches of one optimizer step."""

    whole: ClassReaders  # as the text layers made it
    cut: ClassReaders  # the same values for the batches; gradients stop here and are added up

    @classmethod
    def of(cls, model: ClipVideo) -> ClassPart:
        """That of the model's classes with its present weights."""
        whole = model.encode_classes()
        leaves = (None if part is None else part.detach().requires_grad_() for part in whole)
        return cls(whole, ClassReaders._make(leaves))

    def backward(self) -> None:
        """Send what has arrived at the cut through the layers that made the class part."""
        pairs: list[tuple[Tensor, Tensor]] = [
            (whole, leaf.grad)
            for whole, leaf in zip(self.whole, self.cut, strict=True)
            if isinstance(whole, Tensor) and isinstance(leaf, Tensor) and leaf.grad is not None and whole.requires_grad
        ]
        if pairs:
            torch.autograd.backward([whole for whole, _ in pairs], [gradient for _, gradient in pairs])
