"""Whose an entry is where several checkouts fill one store: a tag names the checkout that has made it.

A checkout forgets its own entries when they are out of date, and no other one's: a run has the same name everywhere.
The name is made at first use and stays in a file that neither git nor DVC takes along, so that a clone has its own.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Mapping
from pathlib import Path

from tcclip.process.unfinished import part_of

TAG = "checkout"
FILE = Path("mlruns/checkout.txt")


def own() -> str:
    """The name of this checkout, which is the working directory; of several processes that ask first one makes it."""
    if not FILE.is_file():
        FILE.parent.mkdir(parents=True, exist_ok=True)
        made = part_of(FILE)
        made.write_text(f"{platform.node()}-{secrets.token_hex(4)}\n", encoding="utf-8")
        try:
            os.link(made, FILE)  # whole, or not at all where another process was first
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            made.replace(FILE)
        finally:
            made.unlink(missing_ok=True)
    return FILE.read_text(encoding="utf-8").strip()


def is_shared(uri: str) -> bool:
    """Whether other checkouts may fill the store, too: a sqlite file is one checkout's."""
    return not uri.startswith("sqlite:")


def is_own(tags: Mapping[str, str], uri: str) -> bool:
    """Whether this checkout may change or delete the entry with these tags."""
    return not is_shared(uri) or tags.get(TAG) == own()
