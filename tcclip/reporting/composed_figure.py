"""A figure of params/figures/, put together of what its file asks for: overlays, context tokens, curves, bars."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tcclip.attention.opened_run import Opened, even_clip
from tcclip.attention.reading import AttentionReading, look_at
from tcclip.attention.spread import mini_objects, spread_by_frames
from tcclip.attention.tokens import context_tokens
from tcclip.data.splits.split_tables import read_classes, read_split
from tcclip.params.dataset import Generated
from tcclip.params.figure import Overlays, PaperFigure, Spread, Tokens
from tcclip.plan import Plan, layout
from tcclip.reporting import style
from tcclip.reporting.attention_figure import sheet_block, sheet_of
from tcclip.reporting.bars_figure import bars_block
from tcclip.reporting.bars_figure import sentence as said_of_bars
from tcclip.reporting.cells import read_table
from tcclip.reporting.chosen_videos import ChosenVideo, choices
from tcclip.reporting.context_figure import tokens_block
from tcclip.reporting.figure_blocks import FigureBlock, heading, note, stacked
from tcclip.reporting.spread_figure import sentence as said_of_spread
from tcclip.reporting.spread_figure import spread_block

if TYPE_CHECKING:
    from tcclip.data.videos.frames import FrameSource

OF_CLIP = "Percentages are of the one clip that is drawn, where other classes may lead."
Part = FigureBlock | str  # what is drawn, or a sentence of the caption


class FigureSources(NamedTuple):
    """What a figure is made from."""

    plan: Plan
    figure: PaperFigure
    store: FrameSource  # the frames of its dataset
    opened: Callable[[str], Opened]  # a run by name, over the class names of its split


def write_figure(plan: Plan, figure: PaperFigure, store: FrameSource, open_run: Callable[[str], Opened]) -> str:
    """Draw a figure as PNG and PDF, which carry its caption, and return the caption.

    Args:
        store: the frames of the figure's dataset.
        open_run: a run by name, over the class names of the figure's split; asked once for each run.
    """
    sources = FigureSources(plan, figure, store, functools.cache(open_run))
    parts: list[Part] = [*_of_videos(sources)]
    parts += _curves(sources, figure.spread) if figure.spread else []
    if figure.bars:
        bars = _bars(plan, figure.bars, "(b) " if parts else "")
        parts = [heading(f"(a) {_shows(figure)}"), *parts, *bars] if parts else [*bars]
    head = f"{figure.title}. Suite {plan.suite.name}, {plan.displays[figure.dataset]} {figure.split}."
    caption = " ".join([head, *(part for part in parts if isinstance(part, str))])
    drawn = stacked([part for part in parts if isinstance(part, FigureBlock)])
    path = layout.figure(plan.suite.name, figure.name)
    for suffix in (".png", ".pdf"):
        style.save(drawn, path.with_suffix(suffix), caption)
    return caption


def _shows(figure: PaperFigure) -> str:
    """What stands above the bars, in a heading."""
    attention = bool(figure.overlays or figure.spread)
    both = "Attention and context tokens" if figure.context_tokens else "Attention"
    return both if attention else "Context tokens"


def _of_videos(sources: FigureSources) -> Iterator[Part]:
    """Every video with all that is drawn of it."""
    plan, figure = sources.plan, sources.figure
    classes = read_classes(layout.class_file(plan.dataset(figure.dataset), figure.split))
    if figure.overlays:
        yield f"{_reading(plan, figure.overlays).describe()} of {' and '.join(figure.overlays.runs)}."
    if figure.context_tokens:
        yield f"Context tokens of {figure.context_tokens.run}."
    for choice in choices(plan, figure):
        more = f" {OF_CLIP}" if figure.overlays else ""
        about = f"{choice.about}.{more if choice.videos else ' There is nothing to show.'}"
        yield about
        yield note(about)
        for chosen in choice.videos:
            truth = classes[chosen.label]
            yield f"{chosen.video} (class {truth}): {chosen.why}."
            if figure.overlays:
                yield _overlays(sources, figure.overlays, chosen, truth)
            if figure.context_tokens:
                yield _tokens(sources, figure.context_tokens, chosen, truth)


def _overlays(sources: FigureSources, overlays: Overlays, chosen: ChosenVideo, truth: str) -> FigureBlock:
    reading, seen = _reading(sources.plan, overlays), []
    for run in overlays.runs:
        opened = sources.opened(run)
        seen.append(look_at(opened, even_clip(opened, sources.store, chosen.video), reading))
    return sheet_block(sheet_of(seen, reading, chosen.video, truth))


def _tokens(sources: FigureSources, wanted: Tokens, chosen: ChosenVideo, truth: str) -> FigureBlock:
    opened = sources.opened(wanted.run)
    found = context_tokens(opened, even_clip(opened, sources.store, chosen.video), wanted.layer)
    return tokens_block(found, found.chosen(wanted.token), f"{chosen.video} (class {truth})")


def _curves(sources: FigureSources, spread: Spread) -> Iterator[Part]:
    """What attention is like by number of frames, on videos evenly spread over the split's list."""
    plan, figure, store = sources.plan, sources.figure, sources.store
    dataset = plan.dataset(figure.dataset)
    listed = [video for video, _ in read_split(layout.split(dataset.name, figure.split))]
    counts = store.index["frames"].to_dict()
    there = [video for video in listed if counts.get(video)]
    places = np.linspace(0, len(there) - 1, min(spread.videos, len(there))).round().astype(int)
    known = mini_objects(dataset, figure.dataset, store) if isinstance(dataset, Generated) else {}
    objects = {there[place]: known.get(there[place]) for place in places}
    names = {run: name for name, run in spread.runs.items()}
    table = spread_by_frames([sources.opened(run) for run in names], store, objects, spread.frames)
    yield heading(f"What [CLS] of a frame attends to, by the number of frames (N = {len(objects)} videos)")
    yield spread_block(table, names)
    yield said_of_spread(table, names)


def _bars(plan: Plan, name: str, letter: str) -> Iterator[Part]:
    table, frame = plan.table(name), read_table(layout.table(plan.suite.name, name))
    yield heading(f"{letter}{table.title}")
    yield bars_block(frame, table.columns, plan.displays)
    yield said_of_bars(plan, name, frame)


def _reading(plan: Plan, overlays: Overlays) -> AttentionReading:
    last = plan.suite.backbone.architecture.vision_layers
    return AttentionReading(layer=last if overlays.layer == "last" else overlays.layer)
