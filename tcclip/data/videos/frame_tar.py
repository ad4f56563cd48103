"""A shard of frames as an uncompressed tar: its members are `<video>/<frame>.jpg`, in order, and nothing else.

Behind the end of the archive, where no program that reads tar looks, are the places of the frames, for random access:
for each video a mark, 8 bytes of a hash of its name and number of frames, and then for each frame the block of 512
bytes at which its JPEG begins and its bytes. All of it follows from the members alone.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tarfile
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

BLOCK = tarfile.BLOCKSIZE  # bytes
DIGITS = 8  # of a frame's number from 0, so that the order of names is that of frames
END = bytes(2 * BLOCK)  # of the archive
# Name, mode, owner, group, size, time, check sum, kind, link, magic, version, their names, device, prefix of the name.
USTAR = struct.Struct("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x")
OWNER = (b"0000644", b"0000000", b"0000000")  # everybody reads; nobody's
CHECKSUM = 148  # its byte
PREFIX = 155  # bytes
PLACE = np.dtype("<u4")  # block, bytes
MARK = 8  # bytes
EARLIER = ".jpegs"  # suffix of a shard of the versions before this one, which nothing reads any more


class FrameTar:
    """Writes a shard frame by frame; only the frames' places are kept in memory, 8 bytes each."""

    def __init__(self, file: BinaryIO) -> None:
        """Begins at the beginning of `file`."""
        self._file = file
        self._end = 0  # bytes written
        self._begin = 0  # of the video
        self._video, self._folder = "", ""
        self._folders: set[str] = set()
        self._frames: list[tuple[int, int]] = []  # places of the video
        self._places = bytearray()  # of all videos before it

    def begin(self, video: str) -> None:
        """The frames that are added next are `video`'s; a second one of that name goes to `<video>~2`."""
        self._video, self._folder, copy = video, video, 1
        while self._folder in self._folders:
            copy += 1
            self._folder = f"{video}~{copy}"
        self._begin, self._frames = self._end, []

    def add(self, jpeg: bytes) -> None:
        """The next frame."""
        head = header(self._folder, f"{len(self._frames):0{DIGITS}d}.jpg", len(jpeg))
        for part in (head, jpeg, bytes(-len(jpeg) % BLOCK)):
            self._end += self._file.write(part)
        self._frames.append(((self._end - len(jpeg)) // BLOCK, len(jpeg)))

    def forget(self) -> None:
        """Nothing of this video is kept."""
        self._file.seek(self._begin)
        self._file.truncate()
        self._end, self._frames = self._begin, []

    def end(self) -> int:
        """The video is complete; the byte of all places at which its own begin, -1 without frames."""
        if not self._frames:
            return -1
        self._folders.add(self._folder)
        table = len(self._places)
        self._places += mark(self._video, len(self._frames)) + np.array(self._frames, dtype=PLACE).tobytes()
        return table

    def finish(self) -> int:
        """Write the end of the archive and all places; the byte at which these begin."""
        self._file.write(END + self._places)
        return self._end + len(END)


def header(folder: str, name: str, size: int) -> bytes:
    """The header of member `<folder>/<name>`, the same whenever and by whomever it is made; ASCII but for the folder.

    Folders that are not ASCII are UTF-8, as GNU tar writes them. One of more than 155 bytes does not fit and gets an
    extended header before the plain one. tarfile writes the same members in ten times the time.
    """
    prefix = folder.encode()
    if len(prefix) > PREFIX:
        member = tarfile.TarInfo(f"{folder}/{name}")
        member.size, member.mode = size, 0o644
        return member.tobuf(tarfile.PAX_FORMAT, "utf-8")
    fields = [name.encode(), *OWNER, b"%011o" % size, b"0" * 11]
    block = USTAR.pack(*fields, b" " * 8, b"0", b"", b"ustar", b"00", b"", b"", b"0000000", b"0000000", prefix)
    return block[:CHECKSUM] + b"%06o\0 " % sum(block) + block[CHECKSUM + 8 :]


def mark(video: str, frames: int) -> bytes:
    """What stands before a video's places, so that no other video's are taken for them."""
    return hashlib.blake2b(f"{frames} {video}".encode(), digest_size=MARK, person=b"tcclip frames").digest()


def read_places(file: int, table: int, video: str, frames: int) -> NDArray[np.uint32]:
    """The places of a video's frames in an open shard, (frames, 2): the block at which each begins, and its bytes.

    ValueError where they do not begin at byte `table`.
    """
    length = MARK + 2 * frames * PLACE.itemsize
    found = os.pread(file, length, table)
    if len(found) != length or found[:MARK] != mark(video, frames):
        raise ValueError(_what_it_is(file, table))
    return np.frombuffer(found, dtype=PLACE, offset=MARK).reshape(frames, 2)


def read_jpeg(file: int, block: int, size: int) -> bytes:
    """A frame of an open shard, by its place."""
    return os.pread(file, size, block * BLOCK)


def _what_it_is(file: int, table: int) -> str:
    """Why a shard has not the places that its index says."""
    head = os.pread(file, BLOCK, 0)
    if head[:2] == b"\xff\xd8":
        return "it is of an earlier version, whose shards were no tar"
    if head[257:262] != b"ustar":
        return "it is no tar"
    if os.fstat(file).st_size <= table:
        return "it ends before the places of this video's frames, which stand behind the archive's end"
    return "it has no places of this video's frames there"
