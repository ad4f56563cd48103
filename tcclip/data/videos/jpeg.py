"""A frame as JPEG, without the segments that every decoder knows.

The encoder's Huffman tables are those of the JPEG standard (ITU-T T.81, Annex K.3), the same 432 bytes in every frame.
As in Motion JPEG they are left out: a decoder that finds none takes these (libjpeg-turbo since 1.5.90, FFmpeg). So is
the JFIF header, 18 bytes that say nothing else than what a decoder takes for granted: the components are YCbCr. What a
frame decodes to is not changed by it, and more than half of what tar adds to a frame is won back.

Huffman tables of a frame's own would hardly save more; docs/videos.md says why there are none.
"""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray

# fmt: off
TABLES = bytes.fromhex(
    # K.3, luminance DC
    "ffc4001f0000010501010101010100000000000000000102030405060708090a0b"
    # K.5, luminance AC
    "ffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1"
    "c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a6364"
    "65666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9"
    "bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa"
    # K.4, chrominance DC
    "ffc4001f0100030101010101010101010000000000000102030405060708090a0b"
    # K.6, chrominance AC
    "ffc400b51100020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c1"
    "09233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a63"
    "6465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7"
    "b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"
)
# fmt: on
JFIF = bytes.fromhex("ffe000104a46494600010100000100010000")  # version 1.1, square pixels, no thumbnail
SCAN = 0xDA  # the marker of the segment before the picture's data


def encode(frame: NDArray[np.uint8], quality: int) -> bytes:
    """A frame as JPEG without those segments; colours at half resolution, as in nearly every source video.

    An encoder that has others keeps them.
    """
    jpeg = bytes(simplejpeg.encode_jpeg(frame, quality=quality, colorspace="RGB", colorsubsampling="420"))
    return jpeg.replace(JFIF, b"", 1).replace(TABLES, b"", 1)


def complete(jpeg: bytes) -> bytes:
    """The encoder's whole JPEG, for a decoder that insists; a segment that is there stays as it is."""
    scan = 2
    while jpeg[scan + 1] != SCAN:
        scan += 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
    jfif = b"" if jpeg[2:4] == JFIF[:2] else JFIF
    tables = b"" if TABLES in jpeg[:scan] else TABLES
    return jpeg[:2] + jfif + jpeg[2:scan] + tables + jpeg[scan:]
