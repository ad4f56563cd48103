"""Training of one run: `job` is what to do, `loop` does it, `state` lets it continue after an interruption."""

from tcclip.training.job import TrainingJob
from tcclip.training.loop import train

__all__ = ["TrainingJob", "train"]
