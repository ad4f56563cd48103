"""A figure of the paper: whose videos it shows, and what is drawn of them (params/figures/*.yaml)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tcclip.params.numbers import Count
from tcclip.params.reader import Params, read_named


class Videos(Params):
    """Some videos of the figure's split, by a rule or by their names."""

    right: str | None = None  # the run that gets them right
    wrong: str | None = None  # the run that gets them wrong
    count: Count = 1  # so many of them
    # which come first: those of the largest margin (the score that `right` gives the true class less the one that
    # `wrong` gives it, or without `wrong` less its second best), or as the split lists them
    order: Literal["margin", "listed"] = "margin"
    ids: dict[str, list[str]] = Field(default_factory=dict)  # suite -> names of videos, instead of a rule

    @model_validator(mode="after")
    def _a_rule_or_names(self) -> Videos:
        if bool(self.right) == bool(self.ids):
            raise ValueError("give either right, the run that gets the videos right, or ids, their names by suite")
        if self.wrong and not self.right:
            raise ValueError("wrong needs right: names of videos in ids are shown as they are")
        return self

    @property
    def runs(self) -> list[str]:
        """Those whose predictions the rule reads."""
        return [run for run in (self.right, self.wrong) if run]


class Overlays(Params):
    """Attention over the frames of each video, a row for each run."""

    runs: Annotated[list[str], Field(min_length=1)]  # from top to bottom
    layer: Count | Literal["last"] | None = None  # [CLS] attention of this layer alone, from 1; else of all


class Tokens(Params):
    """What the context tokens of each video are made of."""

    run: str  # whose method has context tokens
    token: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"  # whose track is marked; auto: of most frames
    layer: Count | None = None  # that makes the tokens, from 1; else the last that does


class Spread(Params):
    """How even attention is and how much misses the object, by the number of frames."""

    runs: Annotated[dict[str, str], Field(min_length=1)]  # name in the figure -> run
    frames: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=2)]  # numbers of frames of a clip
    videos: Count  # so many of the split, evenly spread over its list


class PaperFigure(Params):
    """One figure's file; its parts stand one below the other in this order, and what is left out is not drawn."""

    name: str
    title: str  # above what the page says of it
    dataset: str  # of the paper's five, whose videos are shown (hmdb51, ...)
    split: str  # of the dataset
    videos: list[Videos] = Field(default_factory=list)  # what overlays and context tokens are drawn of
    overlays: Overlays | None = None  # attention over the frames of each video
    context_tokens: Tokens | None = None  # what the context tokens of each video are made of
    spread: Spread | None = None  # curves of what attention is like by number of frames
    bars: str | None = None  # a table whose cells are bars, one panel per column

    @property
    def runs(self) -> list[str]:
        """All runs behind it, but for those of its table."""
        found = [run for videos in self.videos for run in videos.runs]
        found += self.overlays.runs if self.overlays else []
        found += [self.context_tokens.run] if self.context_tokens else []
        found += self.spread.runs.values() if self.spread else []
        return list(dict.fromkeys(found))

    @model_validator(mode="after")
    def _something_is_drawn(self) -> PaperFigure:
        of_videos = self.overlays or self.context_tokens
        if not (of_videos or self.spread or self.bars):
            raise ValueError("draws nothing: give overlays, context_tokens, spread or bars")
        if bool(of_videos) != bool(self.videos):
            raise ValueError("videos and what is drawn of them, overlays or context_tokens, go together")
        return self


def load_figure(name: str) -> PaperFigure:
    """Read a figure's file."""
    return read_named("figures", name, PaperFigure)
