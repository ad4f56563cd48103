"""A training that a signal stops in its second epoch."""

import os
import sys

import pytest

from tcclip.training import train


def train_until_stopped(monkeypatch, job, number, end, times=1):
    """Train `job` with signal `number` after the first step of the second epoch; it ends with the exception `end`."""
    step = sys.modules["tcclip.training.loop"].optimizer_step

    def interrupted(setup, progress, *others):
        step(setup, progress, *others)
        if (progress.epoch, progress.step) == (1, 1):
            for _ in range(times):
                os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr("tcclip.training.loop.optimizer_step", interrupted)
        with pytest.raises(end) as stopped:
            train(job)
    return stopped
