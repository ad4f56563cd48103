"""Whether decoding may really begin at a packet of H.264 or HEVC that its container calls a key frame.

At a "recovery point" of H.264 the pictures come out in another order than in passing, so that counting frames from
there goes wrong; at an instantaneous refresh (IDR) it does not (ITU-T H.264, 7.4.1.2.4). HEVC's intra random access
points (H.265, 7.4.2.2) are such starts, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

REFRESH = {"h264": {5}, "hevc": set(range(16, 22))}  # types of NAL units
LENGTH = {"h264": 4, "hevc": 21}  # the byte of the codec's header in which a container says how it stores lengths


def refreshes(codec: str, header: bytes, packet: bytes) -> bool:
    """Whether one of a packet's units is such a refresh; other codecs' key frames always are."""
    if codec not in REFRESH:
        return True
    kinds = (byte & 31 if codec == "h264" else byte >> 1 & 63 for byte in _first_bytes(codec, header, packet))
    return any(kind in REFRESH[codec] for kind in kinds)


def _first_bytes(codec: str, header: bytes, packet: bytes) -> Iterator[int]:
    """The first byte of each unit: behind its length, as in mp4, or behind a start code."""
    if header[:1] != b"\x01":
        yield from (found[1][0] for found in re.finditer(b"\x00\x00\x01(.)", packet, re.DOTALL))
        return
    size, place = (header[LENGTH[codec]] & 3) + 1, 0
    while place + size < len(packet):
        yield packet[place + size]
        place += size + int.from_bytes(packet[place : place + size], "big")
