"""What processor cores do for the GPUs: clips that they load, frames that they extract."""

from __future__ import annotations

from dataclasses import dataclass

from tcclip.params.protocol import Views
from tcclip.params.suite import Feeding
from tcclip.plan import Plan, Run

CLIP_FRAMES = 16  # of the clips whose rates `feeding` states; a clip of half as many costs half as much
VIDEO_MB = 5.7  # stored frames of a video of 10 s, whose extraction a suite states; others cost by their frames


@dataclass(frozen=True)
class Clips:
    """Clips that cost the same to load."""

    kind: str  # training | evaluation
    frames: int
    online: bool  # decoded from the videos; else read from shards
    crops: bool = False  # one of three squares of the frames, and not their centre

    def per_core(self, feeding: Feeding) -> float:
        """Clips per second that a loader worker on one core makes."""
        if self.online:
            rate = feeding.online_clips_per_s
        elif self.kind == "training":
            rate = feeding.train_clips_per_s
        else:
            rate = feeding.crop_clips_per_s if self.crops else feeding.test_clips_per_s
        return rate * CLIP_FRAMES / self.frames

    def __str__(self) -> str:
        where = "online" if self.online else "shards"
        return f"{self.kind}, {self.frames} frames, {where}" + (", three crops" if self.crops else "")


def training_clips(plan: Plan, run: Run) -> Clips:
    """What a training loads."""
    assert run.role is not None
    return Clips("training", plan.protocol_for(run).frames, _online(plan, run.role))


def test_clips(plan: Plan, run: Run, role: str, views: Views) -> Clips:
    """What a run's validation or evaluation on the paper's dataset `role` loads."""
    return Clips("evaluation", plan.protocol_for(run).frames, _online(plan, role), views.spatial > 1)


def _online(plan: Plan, role: str) -> bool:
    return plan.dataset(role).frames.store == "online"
