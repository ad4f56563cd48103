"""Pictures that are small: as data URIs, so that a page with all figures is a few megabytes, and for the README."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from PIL import Image

from tcclip.process.files import atomic

PIXELS = 0.75  # of the page for one of a figure, so that type has one size in all figures
WIDEST = 1120  # pixels of the page
COLORS = 128  # of a drawing: its own are few, all others are between two of them at an edge
SMALL = 1080  # pixels of a figure in the README
ONE_OF = 50  # pixels of a colour, and one more: so many count when the palette is made
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
        _with_few_colors(flat).save(data, "PNG")
    else:
        flat.save(data, "JPEG", quality=QUALITY, subsampling=0)
    kind = "png" if look == "drawing" else "jpeg"
    uri = f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
    return Embedded(uri, min(WIDEST, round(flat.width * PIXELS)))


def _with_few_colors(drawing: Image.Image) -> Image.Image:
    """An RGB drawing with a palette of COLORS, each pixel the nearest of them.

    As `Image.quantize` does by itself, in a third of its time: the palette is made of some pixels of every colour, and
    each colour of the drawing is looked up once.
    """
    places, packed = pd.factorize(np.asarray(drawing.convert("RGBA")).view(np.uint32).ravel())  # one number a pixel
    colors = packed.view(np.uint8).reshape(-1, 4)[:, :3]
    some = np.repeat(colors, 1 + np.bincount(places) // ONE_OF, axis=0)
    made = Image.fromarray(some[None]).quantize(COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.asarray(made.getpalette(), dtype=np.float32).reshape(-1, 3)[: int(np.asarray(made).max()) + 1]
    nearest = np.argmin((palette**2).sum(axis=1) - 2 * colors.astype(np.float32) @ palette.T, axis=1).astype(np.uint8)
    found = Image.fromarray(nearest[places].reshape(drawing.height, drawing.width))
    found.putpalette(palette.astype(np.uint8).tobytes())
    return found


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
