"""From what a person calls a model to what it is made of: an exported folder, a run's folder, or a name."""

from __future__ import annotations

import os
from pathlib import Path

from tcclip.errors import UserError
from tcclip.prediction.arguments import checked_path, checked_text
from tcclip.prediction.exported import CONFIG, source_of_folder
from tcclip.prediction.source import Source


def source_of(run: str | os.PathLike[str], suite: str, we: bool = False) -> Source:
    """What a model is made of; arguments and errors as of `tcclip.load`."""
    folder, suite = Path(checked_path(run, "a run")), checked_text(suite, "suite", "mini")
    if not (folder / CONFIG).is_file():
        from tcclip.prediction.from_run import source_of_run

        return source_of_run(os.fspath(run), suite, we)
    if we:
        raise UserError(f"{folder} is exported: an ensemble is made when it is written, by `tcclip export RUN --we`")
    return source_of_folder(folder)
