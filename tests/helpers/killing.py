"""Trainings that are killed: every attempt is a fork, which goes on from what the one before it left."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tcclip.training import TrainingJob, loop, state, train


def job_of(world: Path, run: str) -> TrainingJob:
    """96 small optimizer steps, and a validation in the middle of them that keeps weights."""
    from tiny_world import protocol, training_job

    small = {"frames": 2, "epochs": 16, "total_batch": 2, "micro_batch": 1}
    budget = protocol(**small, validation={"split": "test", "epochs": [5, 7]})
    return training_job(world, run, protocol=budget, save_seconds=0.0)


def attempt(job: TrainingJob, number: int, chance: random.Random) -> int:
    """Start the training and send it signal `number` at a random moment of its first steps, or of its start.

    Returns the code that it ends with.
    """
    told, tell = os.pipe()
    fork = os.fork()
    if not fork:
        plain = loop.optimizer_step

        def counted(*arguments: Any) -> None:
            plain(*arguments)
            os.write(tell, b".")

        loop.optimizer_step = counted
        code = 1
        try:
            train(job)
            code = 0
        except SystemExit as end:
            code = int(str(end.code))
        finally:
            os._exit(code)
    os.close(tell)
    steps = chance.randrange(4)  # few, so that the training outlives all attempts on a fast machine too
    for _ in range(steps):
        os.read(told, 1)
    time.sleep(chance.uniform(0, 0.02 if steps else 0.1))
    os.kill(fork, number)
    os.close(told)
    return os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])


def killed_after(job: TrainingJob, epoch: int, step: int) -> int:
    """Start the training, killed by SIGKILL when it has done a step and not saved it; the code that it ends with.

    Every step before that is saved.
    """
    fork = os.fork()
    if not fork:
        plain = loop.optimizer_step

        def until_there(setup: Any, progress: Any, *others: Any) -> None:
            plain(setup, progress, *others)
            if (progress.epoch, progress.step) == (epoch, step):
                os.kill(os.getpid(), signal.SIGKILL)

        loop.optimizer_step = until_there
        state.OVERHEAD = float("inf")
        try:
            train(job)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])


def each_once(world: Path) -> None:
    """Kill a training of the paper's method in its second epoch, and those of `tiny_systems` in their third."""
    from tiny_systems import OWN_OBJECTIVES
    from tiny_systems import job_of as system_job
    from tiny_world import training_job

    assert killed_after(training_job(world, "killed", save_seconds=0.0), 1, 2) == -signal.SIGKILL
    for system in OWN_OBJECTIVES:
        job = dataclasses.replace(system_job(world, f"{system}-killed", system), save_seconds=0.0)
        assert killed_after(job, 2, 2) == -signal.SIGKILL


def often(world: Path, run: str, kills: int, seed: int) -> None:
    """Kill the run `kills` times at random; prints how often it ended in which way."""
    state.OVERHEAD = 1.0  # save so often that kills meet it
    chance = random.Random(seed)
    signals = itertools.islice(itertools.cycle([signal.SIGKILL, signal.SIGTERM]), kills)
    ends = dict(collections.Counter(attempt(job_of(world, run), number, chance) for number in signals))
    print(f"\n{ends}")  # a killed attempt may have left a line begun


if __name__ == "__main__":
    import torch._dynamo  # the optimizer imports it; the forks have it then

    torch.set_num_threads(1)
    given = Path(sys.argv[1])
    if sys.argv[2:]:
        often(given, sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        each_once(given)
