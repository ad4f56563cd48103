"""The part of the text tower that no video changes, computed once for several batches, in training too.

Its gradient is the sum over the batches of the gradients that arrive at it. They are added up at a cut and sent through
the text layers once: the same gradient as if every batch had computed the part anew, at the cost of one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tcclip.models.text.tower import ClassReaders


def cut(classes: ClassReaders) -> ClassReaders:
    """The same values; gradients stop here and are added up."""
    return ClassReaders._make(None if part is None else part.detach().requires_grad_() for part in classes)


def backward(classes: ClassReaders, cut_off: ClassReaders) -> None:
    """Send what has arrived at `cut_off` through the layers that made `classes`."""
    pairs: list[tuple[Tensor, Tensor]] = [
        (whole, leaf.grad)
        for whole, leaf in zip(classes, cut_off, strict=True)
        if isinstance(whole, Tensor) and isinstance(leaf, Tensor) and leaf.grad is not None and whole.requires_grad
    ]
    if pairs:
        torch.autograd.backward([whole for whole, _ in pairs], [gradient for _, gradient in pairs])
