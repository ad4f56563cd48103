"""What is known of the videos that a person names, sooner or later, and how their frames are read."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack
from typing import NamedTuple

from tcclip.data.videos.frames import FrameSource, open_frames
from tcclip.data.videos.scanned import INDEX, Scanned, Scanner
from tcclip.errors import UserError
from tcclip.plan.advice import frames_again
from tcclip.prediction.arguments import Videos, checked_paths
from tcclip.prediction.long_lists import Indexes, Known, Store
from tcclip.prediction.naming import NamedVideo, files_of, is_there, named_videos
from tcclip.prediction.source import Set, VideoReading


class Asked(NamedTuple):
    """The videos of a call."""

    named: list[NamedVideo]
    known: Known  # as many
    store: Store


class Finder:
    """Finds videos and has their files scanned, in processes that stay for the next call."""

    def __init__(self, reading: VideoReading, processes: int) -> None:
        """reading: of files where no dataset is named."""
        self._reading, self._processes = reading, processes
        self._scanner: Scanner | None = None

    def find(self, paths: Videos, chosen: Set | None, stack: ExitStack, alone: bool = False) -> Asked:
        """Files, folders, lists, or videos of a dataset; without any, all of the dataset's split.

        What is found is good until `stack` ends; scans of files go on beside what happens until then. alone: UserError
        where it is more than one video.
        """
        stored = open_frames(chosen.frames) if chosen and (chosen.frames / INDEX).is_file() else None
        given = checked_paths(paths)
        if chosen and not given:
            stored, given = open_frames(chosen.frames), list(chosen.videos)
        ids = set(stored.index["video"]) if stored else set()
        named = named_videos(given, ids)
        if alone and len(named) > 1:
            raise UserError(f"{given[0]} has {len(named)} videos: name one of them, which is looked at alone")
        if chosen and not stored and not any(video.path and is_there(video.path) for video in named):
            name = chosen.frames.name
            raise UserError(
                f"'{named[0].shown}' is no file, and the frames of {name} are not made: {frames_again(name)} makes them"
            )
        if stored and not any(video.path and is_there(video.path) for video in named):
            return _of_dataset(stored, named)
        reading = chosen.reading if chosen else self._reading
        scans = stack.enter_context(self._scanner_for(reading).scanning(files_of(named, reading)))
        return Asked(named, scans, stack.enter_context(Indexes(reading.frames.resize)))

    def _scanner_for(self, reading: VideoReading) -> Scanner:
        if self._scanner is None or self._scanner.frames != reading.frames:
            if self._scanner:
                self._scanner.close()
            self._scanner = Scanner(reading.frames, self._processes)
        return self._scanner


def _of_dataset(store: FrameSource, named: list[NamedVideo]) -> Asked:
    """Videos of which the index of a dataset tells what there is."""
    frames, defects = (store.index[column].to_dict() for column in ("frames", "defect"))
    scans: list[Future[Scanned]] = [Future() for _ in named]
    for video, scan in zip(named, scans, strict=True):
        defect = defects.get(video.shown, "it is not among the videos of the dataset")
        row: dict[str, object] | None = {"video": video.shown} if frames.get(video.shown) else None
        scan.set_result(Scanned(video.shown, defect, row))
    return Asked(named, scans, lambda _: store)
