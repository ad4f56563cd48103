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
from typing import Any, NoReturn

from tcclip.errors import UserError

LOOPBACK = "127.0.0.1"
MEETING = "meeting"  # file


def started_by_torchrun() -> bool:
    """Whether this process is one of torchrun's; needs no torch."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "RANK" in os.environ


def device(count: int) -> str:
    """Where a job of `count` GPUs computes: without one on the CPU, also on a machine that has some."""
    return "auto" if count else "cpu"


def is_rank_zero() -> bool:
    """Whether this process tells what was done: it was not started by torchrun, or is the first that was."""
    return not started_by_torchrun() or os.environ["RANK"] == "0"


def run(count: int, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Do `work` in `count` processes that know each other (`process.distributed`); the result is the first one's.

    0 and 1 stay in this process. `work` and what it gets are pickled, so `work` is a function of a module.
    When one process fails or is killed, the others are ended, and the error is the first one's. A signal that asks to
    stop reaches all of them, and they get the time that torchrun gives, 30 seconds, to end by themselves.
    """
    if started_by_torchrun():
        return _take_part("env://", work, *arguments, **options)
    if count <= 1:
        return work(*arguments, **options)
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
            nproc_per_node=count,
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
            return elastic_launch(config, _in_one_machine)(folder, work, arguments, options)[0]
        except ChildFailedError as failed:
            _explain(count, *failed.get_first_failure())
        except SignalException as stopped:
            if stopped.sigval == signal.SIGINT:
                raise KeyboardInterrupt from None
            raise SystemExit(128 + stopped.sigval) from None


def _as_sigterm(_number: int, _frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _in_one_machine(folder: str, work: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """One process of several on this machine, which meet in `folder`; they need not be seen from elsewhere."""
    if sys.platform == "linux":
        for library in ("GLOO", "NCCL"):
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo")
    return _take_part(f"file://{folder}/processes", work, *arguments, **options)


def _take_part(meeting: str, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    from tcclip.process import distributed

    with distributed.process_group(meeting):
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
