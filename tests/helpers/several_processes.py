"""Trainings by several processes on a CPU: forks that find each other, or what `tcclip train` and torchrun start."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import preloaded
from described_world import job_of as described_job
from described_world import method as described_method
from ports import free_port
from tiny_systems import OWN_OBJECTIVES, add_texts
from tiny_systems import job_of as system_job
from tiny_world import evaluation, protocol, training_job

from tcclip.training import TrainingJob

PLAIN = ("x_clip", "vita_clip")  # compared systems with the paper's objective
HERE = Path(__file__).parent
PATHS = (HERE, HERE.parent / "unit" / "training", HERE.parents[1])


def start(world: Path, action: str, *arguments: str, launcher: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A Python process that does `action` of this module in `world`; its output is one stream."""
    command = (sys.executable, *launcher) if launcher else (sys.executable,)
    return subprocess.Popen(
        [*command, str(HERE / "several_processes.py"), action, str(world), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=HERE.parents[1],
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS)), "OMP_NUM_THREADS": "1"}


def done(world: Path, action: str, *arguments: str) -> str:
    """What a process that does `action` of this module in `world` says; a fork that has the libraries already."""
    command = (str(HERE / "several_processes.py"), action, str(world), *arguments)
    ended = preloaded.run(command, HERE.parents[1], environment())
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Read until a line contains `text`; the output so far."""
    assert process.stdout
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return read
    raise AssertionError(f"ended without '{text}':\n{read}")


def in_processes(count: int, work: Callable[..., Any], *arguments: Any) -> list[int]:
    """Do `work` in `count` forks that are a group; their exit codes."""
    port = free_port()  # where they meet
    forks = [_fork(rank, count, port, work, *arguments) for rank in range(count)]
    return [os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) for fork in forks]


def _fork(rank: int, count: int, port: int, work: Callable[..., Any], *arguments: Any) -> int:
    from tcclip.process import launch

    process = os.fork()
    if process:
        return process
    places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in places.items()})
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo", TORCHELASTIC_RUN_ID="forks")
    code = 1
    try:
        launch.run(1, work, *arguments)
        code = 0
    except BaseException as error:
        traceback.print_exc()
        print(f"process {rank}: {type(error).__name__}: {error}", flush=True)
    finally:
        sys.stdout.flush()
        os._exit(code)


def job_of(world: Path, run: str, steps: int, method: str = "tc_clip") -> TrainingJob:
    """One optimizer step of four micro-batches in every epoch, validated at the end."""
    budget = protocol(frames=2, epochs=steps, total_batch=8, validation={"split": "test", "epochs": []})
    return training_job(world, run, method, protocol=budget)


def slow_train(job: TrainingJob, seconds: float = 0.05) -> str:
    """Train, and tell every finished step on standard output; a moment passes after it."""
    from tcclip.process import distributed
    from tcclip.training import loop

    plain = loop.optimizer_step

    def told(setup: Any, progress: Any, *others: Any) -> None:
        plain(setup, progress, *others)
        place = f"epoch {progress.epoch} step {progress.step}"
        print(f"process {distributed.rank()} has id {os.getpid()}, {place}", flush=True)
        time.sleep(seconds)

    loop.optimizer_step = told
    return loop.train(job)


def groups(world: Path) -> None:
    """Trainings and evaluations of every system by groups that each do all of theirs, and two failures."""
    import torch._dynamo  # the optimizer imports it; the forks have it then

    from tcclip.training import train

    torch.set_num_threads(1)
    add_texts(world)
    for count in (1, 2, 3, 4):
        assert in_processes(count, in_turn, world, count) == [0] * count
    print("too many", in_processes(5, train, job_of(world, "many", 5)))
    print("not finite", in_processes(3, not_finite, job_of(world, "nan", 5)))


def in_turn(world: Path, count: int) -> None:
    """All that a group of `count` processes trains and evaluates, in runs whose names end with their number."""
    from tcclip.evaluation import evaluate
    from tcclip.training import train

    jobs: list[TrainingJob] = []
    if count != 3:
        jobs += [job_of(world, f"p{count}", 20)]
        budget = {"epochs": 20, "total_batch": 8}
        jobs += [system_job(world, f"{system}-p{count}", system, **budget) for system in OWN_OBJECTIVES]
    if count < 3:
        jobs += [job_of(world, f"{method}-p{count}", 20, method) for method in PLAIN]
        parts = described_method(recipe__objective__videos=4)
        jobs += [described_job(world, f"ost-parts-p{count}", 4, parts)]
    for job in jobs:
        train(job)
    if count < 4:
        evaluate(*evaluation(world, f"e{count}"))


def not_finite(job: TrainingJob) -> str:
    """Train; the last micro-batch of the second step, the first process's second one of three, has no finite loss."""
    from tcclip.training import loop
    from tcclip.training.objective.soft_ce import SoftCrossEntropy

    plain = SoftCrossEntropy.loss

    def bad(self: Any, shared: Any, batch: Any, at: Any) -> Any:
        loss, hits = plain(self, shared, batch, at)
        return loss * (float("nan") if (at.epoch, at.iteration) == (1, 3) else 1), hits

    SoftCrossEntropy.loss = bad
    return loop.train(job)


def gathered(world: Path) -> None:
    """Two processes whose loss is over the videos of both."""
    import torch
    from test_objectives import of_half

    torch.set_num_threads(1)
    print("gathered", in_processes(2, of_half, world))


def matched(world: Path) -> None:
    """Two processes that match the videos and texts of both."""
    import torch
    from test_kl_pairs import of_half

    torch.set_num_threads(1)
    print("matched", in_processes(2, of_half, world))


def drawn(world: Path) -> None:
    """One and two processes whose steps compare with the classes of the whole step and others."""
    import torch

    from tcclip.params import load_method
    from tcclip.training import train

    torch.set_num_threads(1)
    method = load_method("a5", {"recipe.objective.most_classes": 2})
    jobs = [dataclasses.replace(job_of(world, f"a5-{count}", 3), method=method) for count in (1, 2)]
    print("drawn", [in_processes(count, train, job) for count, job in zip((1, 2), jobs, strict=True)])


def launched(world: Path, run: str, count: str, steps: str = "40") -> None:
    """Train slowly as `tcclip train --gpus count` does."""
    from tcclip.process import launch
    from tcclip.process.console import stage

    with stage(f"training {run}", None) as report:
        report(launch.run(int(count), slow_train, job_of(world, run, int(steps))))


if __name__ == "__main__":
    action, world, *arguments = sys.argv[1:]
    sys.path.insert(0, str(HERE))
    import several_processes  # so that other processes find its functions by this name

    getattr(several_processes, action)(Path(world), *arguments)
