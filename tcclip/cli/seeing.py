"""The commands that show what models see of a video: `tcclip attention` and `tcclip context-tokens`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.cli.asked import Classes, ClassFile, DatasetName, Ensemble, names_of
from tcclip.errors import UserError
from tcclip.plan import load_plan
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

app = typer.Typer()

Video = Annotated[str, typer.Argument(metavar="VIDEO", help="a file, or with --dataset the id of one of its videos")]
Split = Annotated[str | None, typer.Option("--split", help="of --dataset: its classes")]


@app.command()
def attention(
    video: Video,
    runs: Annotated[list[str], typer.Option("--run", help="a row of the picture, as of `tcclip predict`; repeat")],
    out: Annotated[Path, typer.Option(help="*.png, *.pdf, *.gif or *.mp4")] = Path("attention.png"),
    of_class: Annotated[str | None, typer.Option("--class", help="what speaks for this class, by gradients")] = None,
    layer: Annotated[int | None, typer.Option(help="this layer's [CLS] attention alone, from 1")] = None,
    heads: Annotated[str, typer.Option(help="max, mean or min: how heads become one map")] = "max",
    classes: Classes = None,
    class_file: ClassFile = None,
    dataset: DatasetName = None,
    split: Split = None,
    we: Ensemble = False,
    suite: SuiteName = "mini",
) -> None:
    """Draw where runs look in a video: attention rolled out over layers, or one layer's, or what speaks for a class."""
    with stage("attention", None) as say:
        from tcclip.attention.reading import Reading
        from tcclip.prediction import load
        from tcclip.reporting.attention_figure import SUFFIXES, write_attention

        if out.suffix not in SUFFIXES:
            raise UserError(f"--out must end with {', '.join(SUFFIXES)} (got '{out}')")
        reading, names = Reading.asked(of_class, layer, heads), names_of(classes, class_file)
        seen = [
            load(run, suite=suite, we=we).attention(
                video, names, of_class=of_class, layer=layer, heads=heads, dataset=dataset, split=split
            )
            for run in runs
        ]
        write_attention(seen, reading, Path(video).name, _truth(suite, video), out)
        say(out)


@app.command("context-tokens")
def context_tokens(
    video: Video,
    run: Annotated[str, typer.Option("--run", help="a run whose method has context tokens, as of `tcclip predict`")],
    out: Annotated[Path, typer.Option(help="*.png or *.pdf")] = Path("context_tokens.png"),
    token: Annotated[str, typer.Option(help="whose track is marked: a number, or auto for the widest")] = "auto",
    layer: Annotated[int | None, typer.Option(help="that makes the tokens, from 1; else the last that does")] = None,
    dataset: DatasetName = None,
    split: Split = None,
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches the context tokens of a video are made of, and one token's way through its frames (Fig. 6)."""
    with stage("context tokens", None) as say:
        from tcclip.attention.tokens import Token
        from tcclip.prediction import load
        from tcclip.reporting.context_figure import write_context

        if token != "auto" and not token.isdecimal():
            raise UserError(f"--token must be auto or a number (got '{token}')")
        found = load(run, suite=suite).context_tokens(video, layer=layer, dataset=dataset, split=split)
        chosen: Token = "auto" if token == "auto" else int(token)
        number = write_context(found, Path(video).name, _truth(suite, video), chosen, out)
        frames = [int(found.clip.numbers[frame]) for frame in found.frames_of(number)]
        say(f"{out}: {len(found.shares)} tokens, token {number} joins frames {', '.join(map(str, frames))}")


def _truth(suite: str, video: str) -> str | None:
    """The class of one of the suite's videos; an exported model may be used where there is no suite."""
    from tcclip.params.reader import params_folder
    from tcclip.stages.opening import class_of

    return class_of(load_plan(suite), video) if params_folder().is_dir() else None
