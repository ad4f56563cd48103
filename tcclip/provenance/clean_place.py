"""A clean place for a run: the commit it was made by, this folder's data, and nothing else."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tcclip.errors import UserError
from tcclip.plan import layout
from tcclip.process import git
from tcclip.process.handover import SOCKET
from tcclip.tracking.address import VARIABLE


@dataclass(frozen=True)
class CleanPlace:
    """A checkout of one commit that shares nothing with this one but git's objects and the data."""

    folder: Path

    def tcclip(self, *arguments: str) -> None:
        """Run a command of the place's own code; what it prints is shown."""
        done = subprocess.run(
            self._python("-m", "tcclip.cli.app", *arguments), cwd=self.folder, env=self._environment()
        )
        if done.returncode:
            raise UserError(f"`tcclip {' '.join(arguments)}` failed at that commit; its last line says why")

    def python(self, code: str) -> str:
        """What a piece of Python prints there."""
        done = subprocess.run(
            self._python("-c", code), cwd=self.folder, env=self._environment(), capture_output=True, text=True
        )
        if done.returncode:
            raise UserError(f"that commit cannot make the run: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return done.stdout

    def _python(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", *arguments]

    def _environment(self) -> dict[str, str]:
        """Without the warm server, which has this checkout's code, other params, and the run's own entry in MLflow."""
        kept = {name: value for name, value in os.environ.items() if name not in (SOCKET, "TCCLIP_PARAMS", VARIABLE)}
        return {**kept, "PYTHONPATH": str(self.folder)}


@contextlib.contextmanager
def clean_place(commit: str, keep: Path | None = None) -> Iterator[CleanPlace]:
    """Check `commit` out into a temporary folder, or into `keep`, which then stays; data/ is a link to ours."""
    with contextlib.ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tcclip-"))) / "checkout"
        elif keep.exists():
            raise UserError(f"{keep} is there already: name a folder that is not")
        else:
            folder = keep.absolute()
        inside = git.ask("rev-parse", "--show-prefix")
        _share_objects(folder)
        try:
            git.ask("checkout", "--quiet", "--detach", commit, folder=folder)
        except git.GitError as error:
            raise UserError(f"commit {commit} is not in this repository (git fetch may bring it): {error}") from error
        root = folder / inside
        (root / layout.DATA).symlink_to(layout.DATA.absolute(), target_is_directory=True)
        yield CleanPlace(root)


def _share_objects(folder: Path) -> None:
    """An empty repository in `folder` that reads this one's objects, as `git clone --shared` makes it.

    Cloning would ask once more whether a checkout of another user is trusted, in a process that is not told so.
    """
    objects = Path(git.ask("rev-parse", "--git-common-dir")).absolute() / "objects"
    git.ask("init", "--quiet", str(folder))
    (folder / ".git/objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8")
