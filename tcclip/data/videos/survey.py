"""What a video file says without being decoded: its container, and one packet after the other."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import av
from av.stream import Disposition

from tcclip.data.videos.nal_units import refreshes
from tcclip.data.videos.orientation import Orientation, of_matrix
from tcclip.data.videos.reader import BrokenVideoError, VideoInfo, one_line

ENDS = 0.95  # of the announced duration: where the last packet of a whole file may lie, because durations are rounded
TINY = 19  # bytes: an MPEG-4 packet that is no longer may hold no picture, and say that the last one stays or comes now
STILL = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
PLAYLISTS = {"concat", "hls", "dash", "imf"}  # FFmpeg's names of texts that name other files, whose frames it gives
LARGE = 1 << 28  # bytes
CHUNK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Survey:
    """Of the stream that is the video. What announces a frame is a packet that no edit list hides."""

    info: VideoInfo
    times: list[int | None]  # when the frame of a packet is shown, in the stream's units; in the order of decoding
    keys: list[int]  # which of them are key frames
    refreshed: bool  # decoding may begin at each of these
    unit: float  # seconds
    begins: bool  # the first packet of all, shown or hidden, is a key frame
    hidden: int  # packets that are decoded and, by an edit list, not shown
    silent: int  # at most so many of the others hold no picture
    alone: bool  # the file has no other stream of pictures
    plain: bool  # nothing in the file asks for another orientation
    faults: str  # what reading the container said, empty if it ends as it should

    @property
    def orientation(self) -> Orientation:
        """How the pictures are turned and mirrored."""
        return Orientation(self.info.rotation, self.info.mirrored)


def open_file(path: Path) -> av.container.InputContainer:
    """The file; a title or comment that is not UTF-8 is no defect of its pictures.

    BrokenVideoError for a playlist: its frames would be other files', which are videos of their own or nobody's to see.
    """
    container = av.open(str(path), metadata_errors="replace")
    if PLAYLISTS.isdisjoint(container.format.name.split(",")):
        return container
    container.close()
    raise BrokenVideoError("it is a playlist, a text that names other files: name these")


def video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The stream that is the video, decoding with one thread.

    It is no cover or other single picture if there is another one; of several it is the default one, and of several
    such the largest.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & STILL]
    if not streams:
        raise BrokenVideoError("no video stream")
    if not (streams := [stream for stream in streams if stream.codec_context]):
        raise BrokenVideoError("no decoder for its codec")

    def rank(stream: av.VideoStream) -> tuple[bool, bool, int, int]:
        size = stream.codec_context.width * stream.codec_context.height
        return stream.frames != 1, bool(stream.disposition & Disposition.default), size, -stream.index

    best = max(streams, key=rank)
    best.codec_context.thread_count = 1
    return best


def survey(path: Path) -> Survey:
    """Read all packets of a file; BrokenVideoError if it has no video."""
    try:
        orientation = first_orientation(path)
        with open_file(path) as container:
            return _packets(container, video_stream(container), orientation, path)
    except av.FFmpegError as error:
        raise broken(error, path) from error


def first_orientation(path: Path) -> Orientation:
    """As the first frame says, with which PyAV hands over the container's matrix; upright where none decodes."""
    with open_file(path) as container:
        try:
            for frame in container.decode(video_stream(container)):
                return frame_orientation(frame)
        except av.FFmpegError as error:
            broken(error, path)
    return Orientation()


def frame_orientation(frame: av.VideoFrame) -> Orientation:
    """What the display matrix of a frame says."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return of_matrix(struct.unpack("<9i", bytes(matrix))) if matrix else Orientation()


def broken(error: av.FFmpegError, path: Path) -> BrokenVideoError:
    """FFmpeg's error as a defect of the video; raises it instead where memory, the disk or rights are the cause.

    FFmpeg blames these for damage, too: a cut WebM is an "Input/output error", a size that cannot be is want of memory.
    So they are the cause only where the file cannot be read, or a large piece of memory cannot be had; else the text
    says that the file is damaged, or people would look for the fault in their disk.
    """
    if isinstance(error, MemoryError):
        _take_memory()
    elif isinstance(error, OSError):
        _read(path)
    if path.is_file() and path.stat().st_size == 0:
        return BrokenVideoError("the file is empty")
    reason = error.strerror or one_line(error)
    damaged = isinstance(error, MemoryError | OSError)
    return BrokenVideoError(f"the file is damaged or cut off (FFmpeg: {reason})" if damaged else reason)


def _take_memory() -> None:
    """OSError where this process may not have as much as no frame needs."""
    with mmap.mmap(-1, LARGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
        pass


def _read(path: Path) -> None:
    """OSError where the bytes of a file cannot be had."""
    with open(path, "rb") as file:
        while file.read(CHUNK):
            pass


def _packets(
    container: av.container.InputContainer, stream: av.VideoStream, orientation: Orientation, path: Path
) -> Survey:
    known = len(stream.index_entries)  # packets, before any is read
    times: list[int | None] = []
    keys: list[int] = []
    hidden, silent, faults, codec = 0, 0, "", stream.codec_context.codec.canonical_name
    begins: bool | None = None
    refreshed, header = True, bytes(stream.codec_context.extradata or b"")
    first, last = 0.0, 0.0  # seconds: zero or before, if packets begin there, and where the last one of any stream ends
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                first = min(first, float(packet.pts * packet.time_base))
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream_index != stream.index or not packet.size:
                continue
            begins = packet.is_keyframe if begins is None else begins
            if packet.is_discard:
                hidden += 1
                continue
            if packet.is_keyframe:
                keys.append(len(times))
                refreshed = refreshed and refreshes(codec, header, bytes(packet))
            times.append(packet.pts)
            silent += _is_silent(codec, packet)
    except av.FFmpegError as error:
        faults = str(broken(error, path))
    frames, estimated = _announced(container, stream, len(times), last - first, known)
    info = _info(stream, orientation, frames, estimated, _container(container.format.name, path))
    unit, alone = float(stream.time_base or 0), len(container.streams.video) == 1
    plain = orientation == Orientation() and "rotate" not in {key.lower() for key in stream.metadata}
    return Survey(info, times, keys, refreshed, unit, bool(begins), hidden, silent, alone, plain, faults)


def _info(stream: av.VideoStream, orientation: Orientation, frames: int, estimated: bool, container: str) -> VideoInfo:
    width, height = stream.codec_context.width, stream.codec_context.height
    turned = orientation.turn in (90, 270)
    return VideoInfo(
        frames=frames,
        estimated=estimated,
        fps=float(stream.average_rate or 0),
        width=height if turned else width,
        height=width if turned else height,
        codec=stream.codec_context.codec.canonical_name,
        container=container,
        rotation=orientation.turn,
        mirrored=orientation.mirrored,
    )


def _announced(
    container: av.container.InputContainer, stream: av.VideoStream, packets: int, seconds: float, known: int
) -> tuple[int, bool]:
    """How many frames the container announces, and whether that is an estimate because it does not count them.

    A table of packets (mp4, mov) is what edit lists have left. An AVI counts pauses as frames, but has none of them in
    its table. Where nothing counts, a file is whole when its packets reach the end of its duration, whatever pauses
    there are.
    """
    duration = (container.duration or 0) / av.time_base
    ends = seconds >= ENDS * duration
    table = sum(not entry.is_discard for entry in stream.index_entries)
    if "mp4" in container.format.name.split(",") or (container.format.name == "avi" and known >= packets and ends):
        return max(packets, table), False
    if stream.frames:
        return max(packets, table, stream.frames), False
    if not ends:
        return max(packets, round(duration * float(stream.average_rate or 0))), True
    return packets, True


def _is_silent(codec: str, packet: av.Packet) -> bool:
    """Whether a packet may hold no picture to show: a reference of VP8 that is not shown, an empty one of MPEG-4."""
    if codec == "vp8":
        return not bytes(packet)[0] & 0x10
    return codec == "mpeg4" and packet.size <= TINY


def _container(names: str, path: Path) -> str:
    """FFmpeg names a family ("mov,mp4,m4a,..."): the file's own suffix if it is one of them, else the first."""
    family, suffix = names.split(","), path.suffix[1:].lower()
    return suffix if suffix in family else family[0]
