"""Starting the processes of a job: one per GPU, by the library behind torchrun.

A job that torchrun itself has started, as on several nodes, becomes one of its processes instead.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Any, Literal, NoReturn

from tcclip.errors import UserError
from tcclip.process import cards, loaders

LOOPBACK = "127.0.0.1"
AUTO: Literal["auto"] = "auto"  # one process, on a GPU if there is one that works
GpuCount = int | Literal["auto"]
MEETING = "meeting"  # file


def started_by_torchrun() -> bool:
    """Whether this process is one of torchrun's; needs no torch."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "RANK" in os.environ


def take_device(count: GpuCount, instead: str) -> str:
    """Take a job's GPUs and say where it computes: with 0 on the CPU, with auto where it can, else on GPUs there.

    Of the cards that Snakemake's jobs on this machine share, it takes free ones for itself (`cards`).

    Raises:
        UserError: there are fewer; `instead` says what needs none (`options.on_the_cpu`).
    """
    if not started_by_torchrun():
        cards.take(1 if count == AUTO else int(count))
    if count in (0, AUTO):
        return "auto" if count else "cpu"
    from tcclip.process.gpu import check_shown

    check_shown(int(os.environ["LOCAL_WORLD_SIZE"]) if started_by_torchrun() else int(count), instead)
    return "cuda"


def at_most_one(count: GpuCount) -> GpuCount:
    """The GPUs of a job that has no use for several."""
    return AUTO if count == AUTO else min(1, int(count))


def is_rank_zero() -> bool:
    """Whether this process tells what was done: it was not started by torchrun, or is the first that was."""
    return not started_by_torchrun() or os.environ["RANK"] == "0"


def run(count: GpuCount, work: Callable[..., Any], *arguments: Any, instead: str = "", **options: Any) -> Any:
    """Do `work` in `count` processes that know each other (`process.distributed`); the result is the first one's.

    0, 1 and auto stay in this process. `work` and what it gets are pickled, so `work` is a function of a module.
    With `instead`, what to do without a GPU, each process first makes sure that its GPU works.
    When one process fails or is killed, the others are ended, and the error is the first one's. A signal that asks to
    stop reaches all of them, and they get the time that torchrun gives, 30 seconds, to end by themselves.
    """
    instead = "" if count in (0, AUTO) else instead
    if started_by_torchrun():
        return _take_part("env://", instead, count != 0, work, *arguments, **options)
    if count == AUTO or int(count) <= 1:
        return _with_gpu(instead, work, *arguments, **options)
    from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # torchrun forwards SIGTERM and SIGINT; Slurm's warning means the same to a training.
    signal.signal(signal.SIGUSR1, _as_sigterm)
    # The processes meet in files that this user alone can read: torch's usual meeting point listens on all interfaces,
    # and its agent unpickles what it finds there. The agent opens one for the processes too, unless told not to.
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    with tempfile.TemporaryDirectory(prefix="tcclip-") as folder:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=int(count),
            run_id="tcclip",
            rdzv_backend="c10d",
            rdzv_endpoint=f"{folder}/{MEETING}",
            rdzv_configs={"store_type": "file"},
            local_addr=LOOPBACK,
            max_restarts=0,
            monitor_interval=0.1,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        try:
            return elastic_launch(config, _in_one_machine)(folder, instead, work, arguments, options)[0]
        except ChildFailedError as failed:
            _explain(int(count), *failed.get_first_failure())
        except SignalException as stopped:
            if stopped.sigval == signal.SIGINT:
                raise KeyboardInterrupt from None
            raise SystemExit(128 + stopped.sigval) from None


def _as_sigterm(_number: int, _frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _in_one_machine(
    folder: str, instead: str, work: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """One process of several on this machine, which meet in `folder`; they need not be seen from elsewhere."""
    if sys.platform == "linux":
        for library in ("GLOO", "NCCL"):
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo")
    return _take_part(f"file://{folder}/processes", instead, True, work, *arguments, **options)


def _take_part(
    meeting: str, instead: str, gpus: bool, work: Callable[..., Any], *arguments: Any, **options: Any
) -> Any:
    from tcclip.process import distributed

    with distributed.process_group(meeting, gpus):
        return _with_gpu(instead, work, *arguments, **options)


def _with_gpu(instead: str, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    if instead:
        from tcclip.process.gpu import check_works

        check_works(instead)
    with loaders.told():
        return work(*arguments, **options)


def _explain(count: int, number: int, failure: Any) -> NoReturn:
    """Raise what ended process `number`, torch's ProcessFailure, as this process's own end."""
    if failure.exitcode < 0:
        memory = "; the system does that when memory runs out" if failure.exitcode == -signal.SIGKILL else ""
        raise UserError(
            f"process {number + 1} of {count} was ended by {failure.signal_name()}{memory}: "
            "the others were stopped, and the same command goes on"
        )
    if failure.exitcode > 128:
        raise SystemExit(failure.exitcode)  # it was told to stop, and its line says where it goes on
    message = failure.error_file_data.get("message", "")
    text = message["message"] if isinstance(message, dict) else str(message)
    kind, _, sentence = text.partition(": ")
    if kind in ("UserError", "LostError"):
        raise UserError(sentence)
    raise RuntimeError(f"process {number + 1} of {count}: {text}")
