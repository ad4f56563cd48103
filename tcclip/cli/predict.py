"""The commands that use a model on videos, or take it away: `tcclip predict` and `tcclip export`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from tcclip.errors import UserError
from tcclip.process.console import stage
from tcclip.process.options import SuiteName

if TYPE_CHECKING:
    from tcclip.prediction import Model, Prediction

app = typer.Typer()

Run = Annotated[str, typer.Argument(help="a run's folder or name, an untrained method, or an exported folder")]
We = Annotated[bool, typer.Option("--we", help="weight-space ensemble with CLIP")]


@app.command()
def predict(
    run: Run,
    videos: Annotated[
        list[str] | None,
        typer.Argument(metavar="VIDEO|FOLDER|LIST...", help="files, folders, lists; with --dataset ids of its videos"),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help='names to choose from, for example "opening a drawer, pouring water"')
    ] = None,
    class_file: Annotated[Path | None, typer.Option(help="the same, one a line or as label,name")] = None,
    dataset: Annotated[str | None, typer.Option(help="whose classes and videos they are (hmdb51, ...)")] = None,
    split: Annotated[str | None, typer.Option(help="of --dataset: its classes; without a VIDEO all its videos")] = None,
    top: Annotated[int, typer.Option(min=1, help="classes that are told of a video")] = 5,
    views: Annotated[str | None, typer.Option(help="clips x crops, for example 4x3; else the run's")] = None,
    we: We = False,
    csv: Annotated[Path | None, typer.Option(help="write all of it there too")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where the suite uses one")] = "auto",
    suite: SuiteName = "mini",
) -> None:
    """Say what videos show: by a run, on any files, with its own classes, yours, or a dataset's.

    A broken file is named and the others go on; the exit status is 1 then.
    """
    with stage("prediction", None) as report:
        names = _names(classes, class_file)
        from tcclip.prediction import load
        from tcclip.prediction.result import Table, lines
        from tcclip.process.progress import track_count

        model = load(run, suite=suite, we=we, device=device)
        found = []
        with ExitStack() as stack:
            table = Table(stack.enter_context(_opened(csv))) if csv else None
            said = model.stream(
                videos or [],
                names,
                views=views,
                top=top,
                dataset=dataset,
                split=split,
                told=lambda total: stack.enter_context(track_count("predictions", total, "videos")),
            )
            for prediction in said:
                print("\n".join(lines(prediction)), flush=True)
                found.append(prediction)
                if table:
                    table.add(prediction)
        report(_summary(found, model))


@app.command()
def export(run: Run, folder: Path, we: We = False, suite: SuiteName = "mini") -> None:
    """Write a folder that needs no checkout: weights, settings, classes, and a card that says what it is."""
    with stage(f"export of {run}", None) as report:
        from tcclip.prediction.exporting import export as write
        from tcclip.prediction.from_run import source_of_run

        report(write(source_of_run(run, suite, we), folder))


def _names(classes: str | None, class_file: Path | None) -> tuple[str, ...] | None:
    """The class names that are typed or listed; None where neither is given."""
    if classes is not None and class_file is not None:
        raise UserError("--classes and --class-file both name classes: leave one out")
    if class_file is not None:
        return _listed(class_file)
    if classes is None:
        return None
    from tcclip.prediction.classes import typed_names

    return typed_names(classes)


def _listed(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise UserError(f"{path} is not there: --class-file names a file with a class name a line")
    found = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if found and found[0] == "label,name":
        from tcclip.data.splits.split_tables import read_classes

        return read_classes(path)
    return tuple(found)


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "w", newline="", encoding="utf-8")


def _summary(found: list[Prediction], model: Model) -> str:
    """The last line; UserError where videos are broken, which were named when they came."""
    broken = [prediction for prediction in found if prediction.broken]
    count = len(found) - len(broken)
    assert model.clock is not None
    rate = count / model.clock.seconds if count else 0.0
    line = f"{count} videos, {rate:.2f} videos/s, {100 * model.clock.waiting:.0f} % of the time waiting for clips"
    if broken:
        raise UserError(f"{line}; {len(broken)} of {len(found)} are broken, the first is {broken[0].video}")
    return line
