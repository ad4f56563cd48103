"""Which GPUs a job takes that Snakemake starts on this machine: free ones, and no card has two jobs.

Snakemake counts cards (its resource `gpu`) and does not say which is whose; a cluster's jobs know theirs by
CUDA_VISIBLE_DEVICES. Here every card has a lock file, which a job holds until it has ended, however that happens.
Imports no torch: CUDA looks at the cards that are visible when it is first used.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tcclip.errors import UserError

VISIBLE = "CUDA_VISIBLE_DEVICES"
FOLDER = "TCCLIP_CARDS"  # of the lock files, in the environment of the jobs that share the cards
DRIVER = Path("/proc/driver/nvidia/gpus")  # a folder for each card
POLL_SECONDS = 0.2

_held: list[IO[bytes]] = []  # open until this process ends


def on_this_machine() -> list[str]:
    """The cards that this process may use, as CUDA_VISIBLE_DEVICES names them; none where there is no driver."""
    named = os.environ.get(VISIBLE)
    if named is not None:
        return [card.strip() for card in named.split(",") if card.strip()]
    return [str(number) for number, _ in enumerate(DRIVER.iterdir())] if DRIVER.is_dir() else []


def share(cards: Sequence[str]) -> None:
    """Let the jobs that this process starts share `cards`, each taking some for itself (`take`)."""
    folder = Path(tempfile.mkdtemp(prefix="tcclip-cards-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for card in cards:
        (folder / card.replace("/", ":")).touch()  # a part of a card has a name with slashes
    os.environ[FOLDER] = str(folder)


def take(count: int) -> None:
    """Wait for `count` free cards of those that are shared and make them the visible ones; they are this process's to
    its end. Without shared cards nothing happens.

    Raises:
        UserError: more are asked for than there are.
    """
    folder = os.environ.get(FOLDER)
    if not folder or not count or _held:
        return
    cards = sorted(Path(folder).iterdir(), key=lambda path: (len(path.name), path.name))
    if len(cards) < count:
        raise UserError(
            f"{count} GPUs are asked for (machine.gpus of the suite, or --set-resources), and Snakemake has "
            f"{len(cards)} to share: start it with more cards in {VISIBLE}, or ask for fewer"
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
