"""The part of the text tower that no video changes, computed once for several batches, in training too.

Its gradient is the sum over the batches of the gradients that arrive at it. They are added up at a cut and sent through
the text layers once: the same gradient as if every batch had computed the part anew, at the cost of one. Where nothing
in it is trained, it is computed once for a whole training, as far as it goes without a video, and has no graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tcclip.models.clip_video import ClipVideo
from tcclip.models.precision import single
from tcclip.models.text.tower import ClassReaders, ClassTexts


@dataclass(frozen=True)
class ClassPart:
    """The class part for the batches of one optimizer step."""

    whole: ClassTexts  # as the text layers made it
    cut: ClassTexts  # the same values for the batches; gradients stop here and are added up, in float32 or better
    trained: bool  # False: the same in every step

    @classmethod
    def of(cls, model: ClipVideo, among: Tensor | None = None, forms: int | None = None) -> ClassPart:
        """That of the model's classes, or of some rows (n,) of its tokens, with its present weights.

        forms: how many of the rows are texts of one class, where these are not all that it has.
        """
        whole = model.encode_classes(among, forms)
        if not _trained(whole) and not _trained(texts := model.finished(whole)):
            return cls(texts, texts, trained=False)
        leaves = (single(part.detach()).requires_grad_() if isinstance(part, Tensor) else part for part in whole)
        return cls(whole, ClassReaders._make(leaves), trained=True)

    def backward(self) -> None:
        """Send what has arrived at the cut through the layers that made the class part."""
        if not self.trained:
            return
        pairs: list[tuple[Tensor, Tensor]] = [
            (whole, leaf.grad.to(whole.dtype))
            for whole, leaf in zip(self.whole, self.cut, strict=True)
            if isinstance(whole, Tensor) and isinstance(leaf, Tensor) and leaf.grad is not None and whole.requires_grad
        ]
        if pairs:
            torch.autograd.backward([whole for whole, _ in pairs], [gradient for _, gradient in pairs])


@dataclass
class ClassParts:
    """The class parts of a training's steps, one after the other."""

    model: ClipVideo
    kept: ClassPart | None = None  # of all steps, where nothing in it is trained

    def of_step(self, forms: Sequence[int] | None = None) -> ClassPart:
        """That of the next step, of all texts of every class or of those of them that the step reads."""
        if forms is not None:
            rows = self.model.texts_of(torch.arange(self.model.classes), forms)
            return ClassPart.of(self.model, rows, len(forms))
        part = self.kept or ClassPart.of(self.model)
        self.kept = None if part.trained else part
        return part


def _trained(texts: ClassTexts) -> bool:
    parts = (texts,) if isinstance(texts, Tensor) else texts
    return any(isinstance(part, Tensor) and part.requires_grad for part in parts)
