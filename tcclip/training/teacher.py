"""CLIP as it was, beside the model that is trained: its features of frames and of the classes' texts, without gradient.

It is loaded once for a training. Since its texts never change, all of them are encoded then, and only its image tower
stays. It is no part of the model: no optimizer, checkpoint or resume state has it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from tcclip.models.canonical import TOKEN_TABLE
from tcclip.models.clip_video import ClipVideo
from tcclip.models.pool.frames import kept
from tcclip.models.pool.pooling import Pool
from tcclip.models.pos.space import make as space_positions
from tcclip.models.vision.exchange import FrameExchange
from tcclip.models.vision.tower import VisionTower
from tcclip.params.kinds.pos.space import Settings as Space
from tcclip.training.objective.objective import Learner


@dataclass(frozen=True)
class Teacher:
    """A frozen CLIP."""

    visual: VisionTower
    texts: Tensor  # (n, C, E), not normalised: every form of every class
    learner: Learner

    @torch.no_grad()
    def frames(self, clips: Tensor) -> Tensor:
        """Clips (B, T, 3, H, W) -> features of frames (B, T, E), not normalised; a frame sees itself alone."""
        with self.learner.cast():
            features: Tensor = self.visual(clips, None, None).frames
        return features


def load(learner: Learner) -> Teacher:
    """The backbone of the training, over the texts of the model that is trained."""
    clip = frozen(learner)
    rows = torch.split(torch.arange(len(clip.host_tokens)), clip.classes)
    with torch.no_grad(), learner.cast():  # a form of all classes at a time, so that it takes less memory than a step
        texts = [clip.each_text(clip.encode_classes(of_form, 1)) for of_form in rows]
    return Teacher(clip.visual, torch.stack(texts), learner)


def frozen(learner: Learner) -> ClipVideo:
    """A plain CLIP that reads the model's texts."""
    backbone, model = learner.backbone(), learner.model
    composition = dataclasses.replace(
        model.composition,
        exchange=FrameExchange(),
        positions=space_positions(Space(), backbone.config, 1),
        pool=Pool(kept),
    )
    with torch.device("meta"):
        clip = ClipVideo(
            backbone.config, model.host_tokens, torch.empty(backbone.tensors[TOKEN_TABLE].shape), composition
        )
    clip.load_state_dict({name: backbone.tensors[name] for name in clip.state_dict()}, strict=True, assign=True)
    return clip.to(learner.device, model.logit_scale.dtype).requires_grad_(False)
