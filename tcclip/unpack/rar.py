"""Members of a rar archive, read by libarchive's `bsdtar`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tcclip.errors import UserError
from tcclip.unpack.members import DamagedError, Member
from tcclip.unpack.tar import tar_members

TOOL = "bsdtar"


def rar_members(path: Path) -> Iterator[Member]:
    """The members of a rar.

    bsdtar turns the archive into a tar stream: that keeps every name as it is, and nothing is written before our own
    checks. It goes on after damage within a member, so its exit status at the end counts.
    """
    tool = shutil.which(TOOL)
    if tool is None:
        raise UserError(
            f"{path} is a rar archive and {TOOL}, which reads it, is not installed: "
            "apt-get install libarchive-tools (Debian, Ubuntu) or conda install -c conda-forge libarchive"
        )
    command = [tool, "-c", "-P", "--format", "pax", "-f", "-", f"@{path.absolute()}"]
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # a locale that can hold every name
    trouble = ""
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, env=utf8) as process:
            assert process.stdout is not None
            try:
                yield from tar_members(process.stdout)
            except (DamagedError, tarfile.TarError) as error:
                trouble = str(error)
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if process.returncode or trouble:
        raise DamagedError(said or trouble)
