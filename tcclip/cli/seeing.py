"""The commands that show what models see of a video: `tcclip attention` and `tcclip context-tokens`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

app = typer.Typer()

Video = Annotated[str, typer.Argument(metavar="VIDEO", help="a file, or a video's name in the dataset")]
DatasetName = Annotated[
    str | None,
    typer.Option("--dataset", help="whose class names are asked (hmdb51, ...); else those of the first test"),
]
Ensemble = Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")]


@app.command()
def attention(
    video: Video,
    runs: Annotated[list[str], typer.Option("--run", help="a row of the picture; repeat")],
    out: Annotated[Path, typer.Option(help="*.png, *.pdf, *.gif or *.mp4")] = Path("attention.png"),
    of_class: Annotated[str | None, typer.Option("--class", help="what speaks for this class, by gradients")] = None,
    layer: Annotated[int | None, typer.Option(help="this layer's [CLS] attention alone, from 1")] = None,
    heads: Annotated[str, typer.Option(help="max, mean or min: how heads become one map")] = "max",
    dataset: DatasetName = None,
    we: Ensemble = False,
    suite: SuiteName = "mini",
) -> None:
    """Draw where runs look in a video: attention rolled out over layers, or one layer's, or what speaks for a class."""
    with stage("attention", None) as say:
        from tcclip.attention.reading import Reading, look_at
        from tcclip.reporting.attention_figure import SUFFIXES, write_attention
        from tcclip.stages.opening import class_of, open_with_video

        if out.suffix not in SUFFIXES:
            raise UserError(f"--out must end with {', '.join(SUFFIXES)} (got '{out}')")
        reading = Reading.asked(of_class, layer, heads)
        plan, seen = load_plan(suite), []
        for run in runs:
            opened, clip = open_with_video(plan, run, video, dataset, we, of_class)
            seen.append(look_at(opened, clip, reading))
        write_attention(seen, reading, Path(video).name, class_of(plan, video), out)
        say(out)


@app.command("context-tokens")
def context_tokens(
    video: Video,
    run: Annotated[str, typer.Option("--run", help="a run whose method has context tokens")],
    out: Annotated[Path, typer.Option(help="*.png or *.pdf")] = Path("context_tokens.png"),
    token: Annotated[str, typer.Option(help="whose track is marked: a number, or auto for the widest")] = "auto",
    layer: Annotated[int | None, typer.Option(help="that makes the tokens, from 1; else the last that does")] = None,
    dataset: DatasetName = None,
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches the context tokens of a video are made of, and one token's way through its frames (Fig. 6)."""
    with stage("context tokens", None) as say:
        from tcclip.attention.tokens import Token
        from tcclip.attention.tokens import context_tokens as tokens_in
        from tcclip.reporting.context_figure import write_context
        from tcclip.stages.opening import class_of, open_with_video

        if token != "auto" and not token.isdecimal():
            raise UserError(f"--token must be auto or a number (got '{token}')")
        plan = load_plan(suite)
        opened, clip = open_with_video(plan, run, video, dataset)
        found = tokens_in(opened, clip, layer)
        chosen: Token = "auto" if token == "auto" else int(token)
        number = write_context(found, Path(video).name, class_of(plan, video), chosen, out)
        frames = [int(clip.numbers[frame]) for frame in found.frames_of(number)]
        say(f"{out}: {len(found.shares)} tokens, token {number} joins frames {', '.join(map(str, frames))}")
