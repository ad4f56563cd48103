"""What a person sees of a stage: one line when it ends, or one sentence when it fails.

With a log file everything a stage prints goes there, and its last line is that line; Snakemake's console
(snakemake_logger_plugin_tcclip) shows it. Without one, a person typed the command and sees everything.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tcclip.errors import UserError
from tcclip.process import launch
from tcclip.process.system_faults import sentence_of


@contextlib.contextmanager
def stage(title: str, log: Path | None, goes_on: bool = True) -> Iterator[Callable[[object], None]]:
    """Run a stage; gives a function that takes the stage's one-line result (its last word counts).

    goes_on: whether the same command goes on where Ctrl-C has ended it; else it begins anew.

    A UserError, and what the system refuses, ends the process with its sentence and exit code 1; any other error keeps
    its traceback. Of processes that torchrun has started, the first one alone writes the log and the line, and all
    tell errors.
    """
    started = time.monotonic()
    result: list[object] = []
    with _output_to(log) if log and launch.is_rank_zero() else contextlib.nullcontext():
        try:
            yield result.append
            sys.stdout.flush()  # what is told by now, so that a reader who has gone away is noticed here
        except UserError as error:
            if log:
                traceback.print_exc()
            _last_line(f"Error: {title}: {error}", code=1)
        except KeyboardInterrupt:
            again = "goes on from here" if goes_on else "begins anew"
            _last_line(f"Error: {title}: interrupted; the same command {again}", code=130)
        except BrokenPipeError:  # `tcclip plan | head`: the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where Python writes what is left when it ends
            sys.exit(128 + signal.SIGPIPE)
        except Exception as error:
            refused = sentence_of(error)
            if log or refused is None:
                traceback.print_exc()
            _last_line(f"Error: {title}: {refused or f'{type(error).__name__}: {error}'}", code=1)
        detail = f"{result[-1]}, " if result and result[-1] is not None else ""
        if launch.is_rank_zero():
            _last_line(f"{title}: {detail}{time.monotonic() - started:.1f} s")


def told(remarks: Sequence[str]) -> list[str]:
    """Print remarks that are no error; the first one, with how many more there are, for the stage's one-line result."""
    for remark in remarks:
        print(remark, file=sys.stderr)
    more = f" (and {len(remarks) - 1} more remarks in the log)" if len(remarks) > 1 else ""
    return [f"{remarks[0]}{more}"] if remarks else []


def _last_line(text: str, code: int | None = None) -> None:
    print(" ".join(text.split()), file=sys.stderr, flush=True)
    if code is not None:
        sys.exit(code)


@contextlib.contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Send stdout and stderr of this process and its children to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    saved = os.dup(1), os.dup(2)
    log.unlink(missing_ok=True)
    with open(log, "a", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
                yield
        finally:
            for target, original in zip((1, 2), saved, strict=True):
                os.dup2(original, target)
                os.close(original)
