"""The batch of every step: drawn for this step alone, and made by a process beside the one that computes the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tcclip.backbone.pretraining.pictures import Pictures, augmented
from tcclip.params.suite import Pretraining
from tcclip.process.rng import generator
from tcclip.process.runtime import leave_signals_to_parent, worker_context

Batch = tuple[Tensor, Tensor, Tensor]  # pictures (B, 3, size, size), their captions' ids (U, L), each picture's (B,)


@dataclass(frozen=True)
class StepBatches(Dataset[Batch]):
    """Maps a step to its batch."""

    pictures: Pictures
    size: int  # pixels
    recipe: Pretraining

    def __len__(self) -> int:
        return self.recipe.steps

    def __getitem__(self, step: int) -> Batch:
        rng = generator(self.recipe.seed, "pretraining", step)
        chosen = torch.from_numpy(rng.choice(len(self.pictures.pixels), self.recipe.batch, replace=False))
        images = augmented(self.pictures.pixels[chosen], self.size, self.recipe.norm, rng)
        texts, text_of = torch.unique(self.pictures.text[chosen], return_inverse=True)
        return images, self.pictures.rows[texts], text_of


def load(batches: StepBatches) -> Iterator[Batch]:
    """The batches of all steps in order.

    Augmentation takes a fifth of a step, and the other core of a small machine has little to do meanwhile.
    """
    loader = DataLoader(
        batches,
        batch_size=None,  # an item is a batch
        num_workers=1,
        multiprocessing_context=worker_context(1),
        worker_init_fn=leave_signals_to_parent,
        generator=torch.Generator(),
    )
    yield from loader
