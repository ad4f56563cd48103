"""The commands that show what models see of a video: `tcclip attention` and `tcclip context-tokens`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcclip.cli.model_options import Classes, ClassFile, DatasetName, Device, Ensemble, names_of
from tcclip.cli.outputs import refuse_picture
from tcclip.errors import UserError
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
    device: Device = "auto",
    suite: SuiteName = "mini",
) -> None:
    """Draw where runs look in a video: attention rolled out over layers, or one layer's, or what speaks for a class."""
    with stage("attention", None, goes_on=False) as say:
        from tcclip.attention.reading import AttentionReading, SeenClip
        from tcclip.prediction import load
        from tcclip.reporting.attention_figure import SUFFIXES, write_attention

        check_suffix(out, SUFFIXES)
        refuse_picture(out, video, [class_file] if class_file else [])
        reading, names = AttentionReading.asked(of_class, layer, heads), names_of(classes, class_file)
        seen: list[SeenClip] = []
        truth: str | None = None
        for run in runs:  # one after the other, so that one network is in memory
            model = load(run, suite=suite, we=we, device=device)
            truth = truth or model.class_of(video, dataset, split)
            seen.append(
                model.attention(video, names, of_class=of_class, layer=layer, heads=heads, dataset=dataset, split=split)
            )
        write_attention(seen, reading, Path(video).name, truth, out)
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
    device: Device = "auto",
    suite: SuiteName = "mini",
) -> None:
    """Draw which patches the context tokens of a video are made of, and one token's way through its frames (Fig. 6)."""
    with stage("context tokens", None, goes_on=False) as say:
        from tcclip.attention.tokens import Token
        from tcclip.prediction import load
        from tcclip.reporting.context_figure import SUFFIXES, joins, write_context

        check_suffix(out, SUFFIXES)
        refuse_picture(out, video)
        if token != "auto" and not token.isdecimal():
            raise UserError(f"--token must be auto or a number (got '{token}')")
        model = load(run, suite=suite, device=device)
        truth = model.class_of(video, dataset, split)
        found = model.context_tokens(video, layer=layer, dataset=dataset, split=split)
        chosen: Token = "auto" if token == "auto" else int(token)
        number = write_context(found, Path(video).name, truth, chosen, out)
        say(f"{out}: {len(found.shares)} tokens, token {number} {joins(found, number)}")


def check_suffix(out: Path, suffixes: tuple[str, ...]) -> None:
    """UserError for a file that would have the name of another kind."""
    if out.suffix not in suffixes:
        raise UserError(f"--out must end with {', '.join(suffixes)} (got '{out}')")
