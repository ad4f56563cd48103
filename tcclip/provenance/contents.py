"""Contents of outputs as hashes, remembered by what the file system says of them, so that each is read once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tcclip.process.files import sha256, write_text
from tcclip.provenance.snakemake_metadata import FOLDER, STAMP

FILE = FOLDER / "tcclip-contents.json"


def sha256_of(output: Path) -> str:
    """Hash of a file, or of the names and bytes of all files of a folder."""
    if output.is_file():
        return sha256(output)
    digest = hashlib.sha256()
    for file in sorted(path for path in output.rglob("*") if path.is_file() and path.name != STAMP):
        digest.update(f"{file.relative_to(output)} {sha256(file)}\n".encode())
    return digest.hexdigest()


class KnownContents:
    """The outputs of this folder that were looked at before; `save` keeps them for the next time."""

    def __init__(self) -> None:
        """Read what the last call has kept."""
        self._seen: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
        self._changed = False

    def sha256(self, output: str) -> str:
        """The hash of an output's content."""
        marks = _marks(Path(output))
        if (seen := self._seen.get(output)) and seen["marks"] == marks:
            return str(seen["sha256"])
        found = sha256_of(Path(output))
        self._keep(output, {"marks": marks, "sha256": found})
        return found

    def judged(self, output: str, file: Path | None, against: str) -> bool:
        """Whether the output and Snakemake's `file` about it, as they are now, were compared with `against` before."""
        seen = self._seen.get(output)
        return bool(
            seen
            and seen.get("against") == against
            and seen["marks"] == _marks(Path(output))
            and seen["file"] == _marks(file)
        )

    def judge(self, output: str, file: Path | None, against: str, sha256: str) -> None:
        """Keep that the output and Snakemake's `file` about it, as they are now, were compared with `against`."""
        marks = {"marks": _marks(Path(output)), "file": _marks(file)}
        self._keep(output, {**marks, "sha256": sha256, "against": against})

    def save(self) -> None:
        """Write what is new."""
        if self._changed:
            write_text(FILE, json.dumps(self._seen))

    def _keep(self, output: str, seen: dict[str, Any]) -> None:
        self._seen[output] = seen
        self._changed = True


def _marks(output: Path | None) -> list[int]:
    """Size, time and inode: of a link's target and of the link itself, of a folder and all that is in it.

    Nothing of what is not there.
    """
    if output is None or not output.exists():
        return []
    files = [output, *(sorted(output.rglob("*")) if output.is_dir() else [])]
    found = (state for file in files for state in (file.stat(), file.lstat()))
    return [number for state in found for number in (state.st_size, state.st_mtime_ns, state.st_ino)]
