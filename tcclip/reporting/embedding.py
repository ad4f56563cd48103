"""Pictures that are small: as data URIs, so that a page with all figures is a few megabytes, and for the README."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from tcclip.process.files import atomic

PIXELS = 0.75  # of the page for one of a figure, so that type has one size in all figures
WIDEST = 1120  # pixels of the page
COLORS = 128  # of a drawing: its own are few, all others are between two of them at an edge
SMALL = 1080  # pixels of a figure in the README
QUALITY = 88  # of the JPEG of a picture with photographs

Look = Literal["drawing", "photograph"]


@dataclass(frozen=True)
class Embedded:
    """A picture for an <img>."""

    uri: str
    width: int  # pixels of the page


def embedded(png: Path, look: Look = "drawing") -> Embedded:
    """A figure's PNG for the page: a drawing with fewer colours, a picture with photographs as a JPEG."""
    with Image.open(png) as picture:
        flat = picture.convert("RGB")
    data = io.BytesIO()
    if look == "drawing":
        flat.quantize(COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(data, "PNG")
    else:
        flat.save(data, "JPEG", quality=QUALITY, subsampling=0)
    kind = "png" if look == "drawing" else "jpeg"
    uri = f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
    return Embedded(uri, min(WIDEST, round(flat.width * PIXELS)))


def write_small(png: Path, out: Path) -> None:
    """A figure's PNG with fewer pixels, as WebP: as many kilobytes as a repository bears."""
    with Image.open(png) as picture:
        flat = picture.convert("RGB").resize((SMALL, round(picture.height * SMALL / picture.width)))
    with atomic(out) as part:
        flat.save(part, "WEBP", quality=90, method=6)


def described(png: Path) -> str:
    """What a PNG says of itself: the text that its maker wrote as `Description`; empty if none."""
    with Image.open(png) as picture:
        picture.load()
        return str(getattr(picture, "text", {}).get("Description", ""))
