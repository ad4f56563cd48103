"""Asking git about the checkout; where it does not answer, a sentence says why and what lets it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tcclip.errors import UserError

# A checkout may belong to another user, as in a container, and git then asks whether its configuration is trusted. Its
# code runs in this process already, and nothing that is asked here runs a program that its configuration names.
TRUSTED = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
# `git status` would write down what it has found, and a person's `git commit` at that moment fail for its lock.
READING = "--no-optional-locks"
SECONDS = 60.0  # for a large checkout on a slow disk


class GitError(UserError):
    """git does not answer."""


def ask(*arguments: str, folder: Path | None = None) -> str:
    """What git prints, asked in `folder`, or else here."""
    place = ("-C", str(folder)) if folder else ()
    words = next(word for word in arguments if not word.startswith("-"))
    try:
        done = subprocess.run(
            ["git", READING, *TRUSTED, *place, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
            env={**os.environ, "LC_ALL": "C"},  # its words are looked into
        )
    except OSError as error:
        raise GitError(f"git cannot be run ({error.strerror}): install it") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"`git {words}` has not answered within {SECONDS:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise GitError(_why(words, error.stderr)) from error
    return done.stdout.strip()


def in_checkout(folder: Path) -> bool:
    """Whether a folder lies in a git checkout, also one about which git does not answer."""
    return bool(os.environ.get("GIT_DIR")) or any((above / ".git").exists() for above in (folder, *folder.parents))


def _why(words: str, said: str) -> str:
    lines = said.strip().splitlines() or ["it says nothing"]
    owner = re.search(r"dubious ownership in repository at '(.*?)'|unsafe repository \('(.*?)'", said)
    if owner:
        place = (owner[1] or owner[2]).removesuffix("/.git")
        return (
            f"git does not answer about {place}, which belongs to another user: "
            f"`git config --global --add safe.directory '{place}'` lets it"
        )
    told = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1])
    return f"`git {words}` fails ({told})"
