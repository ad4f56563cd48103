"""Single files as videos: scanned beside other work, and their frames read as a dataset's with frames.store online.

What is known of a file, and how its clips are decoded, is what the frames stage would find: there is no second reader.
"""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcclip.data.videos.decoding import Decoded, Decoder
from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.data.videos.index import FramesOrigin, write_rows
from tcclip.data.videos.listing import is_text
from tcclip.data.videos.reader import OF_PICTURES
from tcclip.errors import UserError
from tcclip.params.dataset import Frames, Resize

INDEX = "index.parquet"
SHORT = 64  # frames of a video that is read as a whole
STARTING = Lock()


class File(NamedTuple):
    """A file, or a folder of pictures, that is a video."""

    video: str  # its identity, one for each file: what is random in its views is drawn by it
    path: Path


@dataclass(frozen=True)
class Scanned:
    """What a scan has found."""

    video: str
    defect: str  # empty if every announced frame is there
    row: dict[str, object] | None  # of an index of frames; None where there is not one frame

    @property
    def broken(self) -> bool:
        """Whether it has no frames."""
        return self.row is None


class Scanner:
    """Scans files in processes with a time limit, which stay for the next files and end with the program at the latest.

    frames: the time limit, and the size and rate that a dataset's frames would be kept at.
    """

    def __init__(self, frames: Frames, processes: int = 1) -> None:
        """No process starts before there is a file."""
        self.frames = frames
        online = frames.model_copy(update={"store": "online"})
        self._decoders = [Decoder(online) for _ in range(processes)]
        self._begun: set[Decoder] = set()
        self._free: SimpleQueue[Decoder] = SimpleQueue()
        for decoder in self._decoders:
            self._free.put(decoder)
        weakref.finalize(self, _end, self._decoders)

    @contextlib.contextmanager
    def scanning(self, files: Sequence[File]) -> Iterator[list[Future[Scanned]]]:
        """Scan files in their order beside what the block does; what is left of them at its end is left."""
        threads = ThreadPoolExecutor(len(self._decoders))
        scans = [threads.submit(self._scan, file) for file in files]
        _import_readers()
        try:
            yield scans
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            if not all(scan.done() for scan in scans):
                self.close()
            threads.shutdown()

    def close(self) -> None:
        """End the processes, and with them a scan that is under way; the next files start others."""
        self._begun.clear()
        _end(self._decoders)

    def _scan(self, file: File) -> Scanned:
        try:
            there = file.path.exists()
        except OSError as error:
            return Scanned(file.video, f"cannot be looked for: {error.strerror}", None)
        if why := _no_file(file.path, there):
            return Scanned(file.video, why, None)
        if not is_text(str(file.path)):
            return Scanned(file.video, "the name is not UTF-8: rename the file", None)
        decoder = self._free.get()
        try:
            if decoder not in self._begun:
                _begin(decoder)
                self._begun.add(decoder)
            return scanned(file, decoder.decode(file.path.absolute(), lambda _: None), self.frames)
        except UserError as error:  # rights, memory, a disk: the others go on
            return Scanned(file.video, str(error), None)
        finally:
            self._free.put(decoder)


def _no_file(path: Path, there: bool) -> str:
    """Why a path is neither a file nor a folder: a decoder would wait for what a pipe never says."""
    if there:
        return "" if path.is_file() or path.is_dir() else "it is no regular file (a pipe, a socket or a device)"
    return f"it is a link to {path.readlink()}, which is not there" if path.is_symlink() else "there is no such file"


def scanned(file: File, found: Decoded, frames: Frames) -> Scanned:
    """A scan's outcome as a row of an index."""
    if not found.frames:
        return Scanned(file.video, found.defect, None)
    return Scanned(
        file.video,
        found.defect,
        {
            "video": file.video,
            "path": str(file.path.absolute()),
            "shard": 0,
            "frames": found.frames,
            "width": found.width,
            "height": found.height,
            "source_width": found.source_width,
            "source_height": found.source_height,
            "rotation": found.info.rotation,
            "mirrored": found.info.mirrored,
            "fps": frames.picture_rate if found.reader == OF_PICTURES else found.info.fps,
            "container": found.info.container,
            "codec": found.info.codec,
            "reader": found.reader,
            "defect": found.defect,
            "table": -1,
        },
    )


def frames_of(videos: Sequence[Scanned], resize: Resize, folder: Path) -> FrameSource:
    """The frames of files that have some; `folder` gets the index, and is needed as long as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [video.row for video in videos if video.row is not None]
    write_rows(rows, FramesOrigin("online", resize, Path("/")), folder / INDEX)
    return OneVideo(open_frames(folder))


class OneVideo:
    """Frames of a source, of which those of the latest video are kept: its views share them, and opening a file twice
    costs more than decoding it where it is short, which is why a short one is read as a whole.
    """

    def __init__(self, source: FrameSource) -> None:
        """Asks `source` for each frame of a video once, as long as no other video comes between."""
        self.folder, self.index = source.folder, source.index
        self._source, self._video = source, ""
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def __contains__(self, video: str) -> bool:
        return video in self._source

    def frames(self, video: str) -> int:
        """How many frames a video has; UserError if it is unknown or broken."""
        return self._source.frames(video)

    def read(self, video: str, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The frames at `indices`, uint8 (T, H, W, 3); an index past the end gives the last frame."""
        count = self._source.frames(video)
        wanted = np.minimum(np.asarray(indices, dtype=np.int64), count - 1).tolist()
        if video != self._video:
            self._video, self._kept = video, {}
        needed = {*range(count)} if count <= SHORT else {*wanted}
        if missing := sorted(needed.difference(self._kept)):
            self._kept.update(zip(missing, self._source.read(video, missing), strict=True))
        return np.stack([self._kept[index] for index in wanted])


def _import_readers() -> None:
    """Before processes are forked that load clips: each of them would do it anew, for 0.1 s of a processor."""
    from tcclip.data.videos import decord_reader, pictures_reader, pyav_reader  # noqa: F401


def _end(decoders: Sequence[Decoder]) -> None:
    for decoder in decoders:
        decoder.close()


def _begin(decoder: Decoder) -> None:
    """Start a decoding process, which then knows nothing of the program's main file.

    It is spawned, and would run a script that calls `tcclip.load` from its beginning again unless the script has its
    `if __name__ == "__main__":`, which nobody expects to need for reading videos.
    """
    main = sys.modules["__main__"]
    with STARTING:
        file, spec = main.__dict__.pop("__file__", None), main.__spec__
        main.__spec__ = None
        try:
            decoder.decode(Path(os.devnull), lambda _: None)
        finally:
            main.__spec__ = spec
            if file is not None:
                main.__file__ = file
