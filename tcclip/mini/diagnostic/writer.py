"""The diagnostic data set as files: one training list over all parts, and a test list of each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tcclip.mini.diagnostic.clips import CAMERA, clip
from tcclip.mini.diagnostic.parts import PARTS, DiagnosticPart
from tcclip.mini.encode import STILLS, encode
from tcclip.mini.scenes import Pixels
from tcclip.params.dataset import Generate, Generated
from tcclip.process.files import write_text

TRAIN = "train"


@dataclass(frozen=True)
class Video:
    """One video to write."""

    part: DiagnosticPart
    side: int
    index: int
    split: str

    @property
    def name(self) -> str:
        """Its part, class and number."""
        return f"{self.part.name}-{self.side}-{self.index}"

    @property
    def path(self) -> str:
        """Below videos/."""
        return f"{self.split}/{self.name}.mp4"

    def frames(self, seed: int) -> Pixels:
        """Frames uint8 (T, H, W, 3)."""
        return clip(self.part, self.side, seed, self.index)


def videos(numbers: Generate) -> Iterator[Video]:
    """All videos: for each class those that train, then those that test."""
    for part in PARTS:
        train = max(1, round(part.train_share * numbers.train_per_class))
        for side in range(len(part.sides)):
            for index in range(train + numbers.test_per_class):
                yield Video(part, side, index, TRAIN if index < train else part.name)


def list_files(numbers: Generate) -> dict[str, str]:
    """`train.csv`, and a table of each part's test videos."""
    rows: dict[str, list[str]] = {TRAIN: [], **{part.name: [] for part in PARTS}}
    for video in videos(numbers):
        rows[video.split].append(f"{video.part.sides[video.side].name},{video.name}\n")
    return {f"{split}.csv": "".join(["label,video\n", *lines]) for split, lines in rows.items()}


def generate(dataset: Generated, role: str, out: Path) -> None:
    """Write the videos and lists to out/videos/ and out/lists/, the lists last; what is there is removed first."""
    del role  # there is one
    for folder in ("lists", "videos"):
        shutil.rmtree(out / folder, ignore_errors=True)
    for video in videos(dataset.generate):
        encode(out / "videos" / video.path, video.frames(dataset.generate.seed), CAMERA.rates[0], STILLS)
    for name, text in list_files(dataset.generate).items():
        write_text(out / "lists" / name, text)
