"""The figures of the paper that stand on the page: those that `reports/<suite>/figures/` has, with their captions.

A figure's PNG carries its caption (`style.save`), which says its runs, videos, classes and N.
"""

from __future__ import annotations

from tcclip.params import load_figure
from tcclip.params.reader import names
from tcclip.plan import layout
from tcclip.reporting.embedding import Look, described
from tcclip.reporting.page import Picture

SECTION = "Figures of the paper"


def paper_figures(suite: str) -> list[Picture]:
    """Those figures of params/figures/ that are there, by name."""
    found = []
    for name in names("figures"):
        path = layout.figure(suite, name)
        if path.is_file():
            figure = load_figure(name)
            look: Look = "photograph" if figure.videos else "drawing"
            found.append(Picture(path, SECTION, described(path) or f"{figure.title}.", look))
    return found
