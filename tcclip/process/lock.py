"""One process at a time: a lock that ends with its holder, however that ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tcclip.errors import UserError

# What flock says on file systems that do not have it: Lustre mounted without `flock`, NFS without its lock daemon.
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)

_told: set[Path] = set()
_here: set[IO[bytes]] = set()  # locked files that are open in this process


@contextlib.contextmanager
def alone(lock: Path, busy: str) -> Iterator[None]:
    """Hold `lock` for the block; if another process holds it, a UserError with the sentence `busy`.

    `{holder}` in the sentence becomes the other process: "process 12 on node3". The system ends the hold with the
    process, whose forks hold nothing (those that load clips live on for seconds after it); a file that a killed process
    left holds nothing either. Where the file system has no locks it holds on this machine alone, by a file in the
    temporary folder, and a line says so: Snakemake starts a job once, and a lock that outlives its holder would stop
    the next try of a job whose node has failed.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held, file = _held(lock, busy)
    with file, _of_this_process(file):
        file.truncate(0)
        with contextlib.suppress(OSError):  # on a full disk it holds without a name
            file.write(f"process {os.getpid()} on {platform.node()}\n".encode())
        try:
            yield
        finally:
            held.unlink(missing_ok=True)


@contextlib.contextmanager
def _of_this_process(file: IO[bytes]) -> Iterator[None]:
    """What is forked within the block closes the file: a lock of the system ends with the last process that has it."""
    _here.add(file)
    try:
        yield
    finally:
        _here.discard(file)


def _let_go() -> None:
    for file in _here:
        file.close()
    _here.clear()


os.register_at_fork(after_in_child=_let_go)


def _held(lock: Path, busy: str) -> tuple[Path, IO[bytes]]:
    """The lock file, open and locked; asked for again if its holder ended and removed it meanwhile."""
    while True:
        file = _opened(lock)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            with file:
                file.seek(0)
                holder = file.read().decode(errors="replace").strip() or "an unknown process"
            raise UserError(busy.replace("{holder}", holder)) from error
        except OSError as error:
            file.close()
            here = _of_this_machine(lock)
            if error.errno not in NO_LOCKS or lock == here:
                raise
            lock.unlink(missing_ok=True)
            _tell(lock.parent, error)
            return _held(here, busy)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return lock, file
        file.close()


def _opened(lock: Path) -> IO[bytes]:
    """The file, made if it is absent; a link, which another user may have put into the temporary folder, is refused."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(lock, flags, 0o666), "ab+", buffering=0)


def _of_this_machine(lock: Path) -> Path:
    """The file in this machine's temporary folder that stands for `lock`; its own one where it is there already."""
    folder = Path(tempfile.gettempdir())
    name = hashlib.sha256(os.fsencode(lock.absolute())).hexdigest()[:16]
    return lock if lock.parent == folder else folder / f"tcclip-{os.getuid()}-{name}.lock"


def _tell(folder: Path, error: OSError) -> None:
    if folder not in _told:
        print(
            f"Warning: the file system of {folder} has no locks ({error.strerror}; Lustre wants to be mounted with "
            "`flock`, NFS wants version 4): no second process of this machine does the same at once, but nothing keeps "
            "one of another machine from it",
            file=sys.stderr,
            flush=True,
        )
    _told.add(folder)
