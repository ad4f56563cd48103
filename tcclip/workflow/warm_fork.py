"""A fork of the warm server in a command's place: what of the server it must forget, and then the command itself."""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing.util
import os
import signal
import socket
import sys
import tempfile
import traceback
import warnings
import weakref
from collections.abc import Iterable
from typing import NoReturn

from tcclip.params.reader import versions
from tcclip.plan import load_plan
from tcclip.workflow.request import Request


def forked(request: Request, planned: object, others: Iterable[socket.socket]) -> int:
    """A process that does what is asked for and leaves the `others` alone; its id. OSError where none can be.

    planned: the versions of params that the plans are of which have been worked out.
    """
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads, of which one may hold a lock for ever. Here they are idle ones of
        # the libraries' pools (OpenBLAS, torch, Arrow), which a fork begins anew; no Python runs in them.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if not process:
        _end_with(request, planned, others)
    return process


def _end_with(request: Request, planned: object, others: Iterable[socket.socket]) -> NoReturn:
    """Do it, and end as a command's own process ends."""
    code = 1
    try:
        gc.freeze()  # what is there stays: looking through it for garbage would take long, and copy it
        leave_exit_functions()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for other in others:
            other.close()
        code = _do(request, planned)
    except BaseException:  # Python shows it at a process's end, and this one's is os._exit
        traceback.print_exc()
    finally:
        # Private to Python, but nothing public does it: os._exit runs no exit functions, and SystemExit would go up to
        # the server's loop. multiprocessing ends its own forks with these two calls from Python 3.13 on.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # leaves the server's own way out to the server


def leave_exit_functions() -> None:
    """Leave to the server what its libraries want done at the end of its process (torch: a tenth of a second).

    A job's own exit functions run, and those of what it uses. Nothing public does it; multiprocessing's forks begin
    with the first call from Python 3.13 on.
    """
    atexit._clear()
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    for function in (logging.shutdown, multiprocessing.util._exit_function):  # type: ignore[attr-defined]
        atexit.register(function)


def _do(request: Request, planned: object) -> int:
    """Run the command line in the asking command's place; its exit code."""
    for target, source in enumerate(request.streams):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(request.environment)
    tempfile.tempdir = None  # the server's; a job has its own TMPDIR
    os.chdir(request.folder)
    forget_unless(planned)
    sys.argv = ["tcclip", *request.arguments]
    from tcclip.cli.app import main

    try:
        main()
    except SystemExit as end:
        return _code(end)
    return 0


def _code(end: SystemExit) -> int:
    """The exit code of a process that ends so; its last words, if it has any, are printed as Python does."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def forget_unless(planned: object) -> None:
    """Forget the plan that is there unless the files of params are still those `planned`."""
    if versions() != planned:
        load_plan.cache_clear()
