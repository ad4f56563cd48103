"""Which GPUs a job takes that Snakemake starts on this machine: free ones, and no card has two jobs.

Snakemake counts cards (its resource `gpu`) and does not say which is whose; a cluster's jobs know theirs by
CUDA_VISIBLE_DEVICES. Here every card has a lock file, which a job holds until it has ended, however that happens.
Imports no torch: CUDA looks at the cards that are visible when it is first used.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import itertools
import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tcclip.errors import UserError

VISIBLE = "CUDA_VISIBLE_DEVICES"
FOLDER = "TCCLIP_CARDS"  # of the lock files, in the environment of the jobs that share the cards
NAME = re.compile(r"\d|GPU-|MIG-")  # how a card's begins, or that of a part of one
DRIVER = Path("/proc/driver/nvidia/gpus")  # a folder for each card
POLL_SECONDS = 0.2

_held: list[IO[bytes]] = []  # open until this process ends


def on_this_machine() -> list[str]:
    """The cards that this process may use, as CUDA_VISIBLE_DEVICES names them; none where there is no driver.

    CUDA stops reading at the first word that names no card: `-1`, by which people hide all cards, or those after it.
    """
    named = os.environ.get(VISIBLE)
    if named is not None:
        return list(itertools.takewhile(NAME.match, (card.strip() for card in named.split(","))))
    return [str(number) for number, _ in enumerate(DRIVER.iterdir())] if DRIVER.is_dir() else []


def share(cards: Sequence[str]) -> None:
    """Let the jobs that this process starts share `cards`, each taking some for itself (`take`).

    What cleans temporary folders by age, systemd-tmpfiles, leaves alone a folder that is locked (tmpfiles.d(5)).

    Raises:
        UserError: the temporary folder is on a file system without locks.
    """
    folder = Path(tempfile.mkdtemp(prefix="tcclip-cards-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for card in cards:
        (folder / card.replace("/", ":")).touch()  # a part of a card has a name with slashes
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # to this process's end
    try:
        fcntl.flock(opened, fcntl.LOCK_SH)
    except OSError as error:
        raise UserError(
            f"jobs cannot share GPUs by files in {folder.parent}, whose file system has no locks ({error.strerror}): "
            "set TMPDIR to a folder of a local disk"
        ) from error
    os.environ[FOLDER] = str(folder)


def take(count: int) -> None:
    """Wait for `count` free cards of those that are shared and make them the visible ones; they are this process's to
    its end. Without shared cards nothing happens.

    Raises:
        UserError: more are asked for than there are, or their files are gone.
    """
    folder = os.environ.get(FOLDER)
    if not folder or not count or _held:
        return
    cards = _shared(Path(folder))
    if len(cards) < count:
        raise UserError(
            f"{asked(count)} (machine.gpus of the suite, or --set-resources), and Snakemake has {len(cards)} to share: "
            f"start it with more cards in {VISIBLE}, or ask for fewer"
        )
    told = False
    while not (free := _free(cards, count)):
        if not told:
            from tcclip.process.log import log  # with torch, which the Snakefile shall not load

            log(f"waiting for {count} free of {len(cards)} GPUs")
            told = True
        time.sleep(POLL_SECONDS)
    _held.extend(file for _, file in free)
    os.environ[VISIBLE] = ",".join(card for card, _ in free)


def asked(count: int) -> str:
    """How an error begins about a job of `count` GPUs."""
    return "1 GPU is asked for" if count == 1 else f"{count} GPUs are asked for"


def _shared(folder: Path) -> list[Path]:
    """The files of the cards that Snakemake shares; they look used, for whatever else removes old temporary files."""
    try:
        cards = sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name))
        for path in (folder, *cards):
            os.utime(path)
    except FileNotFoundError as error:
        raise UserError(
            f"{folder}, by which Snakemake's jobs share the GPUs, has been removed: stop Snakemake and start it again"
        ) from error
    return cards


def _free(cards: Sequence[Path], count: int) -> list[tuple[str, IO[bytes]]]:
    """`count` cards with their locked files, or none: who holds some and waits for the rest keeps them from others."""
    with contextlib.ExitStack() as opened:
        found: list[tuple[str, IO[bytes]]] = []
        for card in cards:
            file = opened.enter_context(open(card, "rb"))
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append((card.name.replace(":", "/"), file))
            if len(found) == count:
                opened.pop_all()  # those in between that others hold stay open, too, which holds nothing
                return found
    return []
