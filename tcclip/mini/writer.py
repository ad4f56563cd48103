"""The `generate` stage: a stand-in's videos and lists as files."""

from __future__ import annotations

import shutil
from pathlib import Path

from tcclip.errors import UserError, unknown
from tcclip.mini.cameras import ROLES
from tcclip.mini.datasets import CONTENTS
from tcclip.mini.encode import encode
from tcclip.mini.scenes import stream
from tcclip.params.dataset import Generated
from tcclip.process.files import write_text


def generate(dataset: Generated, role: str, out: Path) -> None:
    """Write the stand-in for `role` (k400, k600, hmdb51, ucf101, ssv2) to out/videos/ and out/lists/.

    What an interrupted run left there is removed first; the lists come last, so that they stand for complete videos.
    Raises UserError for an unknown role and a full disk.
    """
    if role not in CONTENTS:
        raise unknown("role", role, CONTENTS)
    try:
        contents = CONTENTS[role](dataset.generate)
    except ValueError as error:
        raise UserError(f"params/datasets/{dataset.name}.yaml: generate: {error}") from error
    for folder in ("lists", "videos"):
        shutil.rmtree(out / folder, ignore_errors=True)
    for clip in contents.clips:
        rates = ROLES[role].camera.rates
        rate = rates[int(stream(dataset.generate.seed, role, clip.path, "rate").integers(len(rates)))]
        encode(out / "videos" / clip.path, clip.frames(), rate, ROLES[role].coding)
    for name, text in contents.lists.items():
        write_text(out / "lists" / name, text)
