"""The commands that use a model on videos, or take it away: `tcclip predict`, `tcclip export`, `tcclip register`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from tcclip.cli.model_options import Classes, ClassFile, DatasetName, Device, Ensemble, Run, names_of
from tcclip.cli.outputs import refuse_table
from tcclip.errors import UserError
from tcclip.process.console import stage
from tcclip.process.options import Precision, SuiteName

if TYPE_CHECKING:
    from tcclip.prediction import Model, Prediction

app = typer.Typer()


@app.command()
def predict(
    run: Run,
    videos: Annotated[
        list[str] | None,
        typer.Argument(metavar="VIDEO|FOLDER|LIST...", help="files, folders, lists; with --dataset ids of its videos"),
    ] = None,
    classes: Classes = None,
    class_file: ClassFile = None,
    dataset: DatasetName = None,
    split: Annotated[str | None, typer.Option(help="of --dataset: its classes; without a VIDEO all its videos")] = None,
    top: Annotated[int, typer.Option(min=1, help="classes that are told of a video")] = 5,
    views: Annotated[str | None, typer.Option(help="clips x crops, for example 4x3; else the run's")] = None,
    we: Ensemble = False,
    csv: Annotated[Path | None, typer.Option(help="write all of it there too; replaces an earlier table")] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    suite: SuiteName = "mini",
) -> None:
    """Say what videos show: by a run, on any files, with its own classes, yours, or a dataset's.

    A broken file is named and the others go on; the exit status is 1 then.
    """
    with stage("prediction", None, goes_on=False) as report:
        names = names_of(classes, class_file)
        if csv:
            refuse_table(csv, [*(videos or []), *([class_file] if class_file else [])])
        from tcclip.prediction import load
        from tcclip.process.progress import track_count

        model = load(run, suite=suite, we=we, device=device, precision=precision)
        with ExitStack() as stack:
            said = model.stream(
                videos or [],
                names,
                views=views,
                top=top,
                dataset=dataset,
                split=split,
                told=lambda total: stack.enter_context(track_count("predictions", total, "videos")),
            )
            found = _told(said, csv, stack)
        report(_summary(found, model))


@app.command()
def export(run: Run, folder: Path, we: Ensemble = False, suite: SuiteName = "mini") -> None:
    """Write a folder that needs no checkout: weights, settings, classes, and a card that says what it is."""
    with stage(f"export of {run}", None, goes_on=False) as report:
        from tcclip.prediction.exporting import export as write
        from tcclip.prediction.named_source import source_of

        report(write(source_of(run, suite, we), folder))


@app.command()
def register(
    run: Annotated[str, typer.Argument(help="a run's folder or name")],
    name: Annotated[str | None, typer.Option(help="the model's name in MLflow; else the run's")] = None,
    we: Ensemble = False,
    suite: SuiteName = "mini",
) -> None:
    """Register a run's weights as a model of MLflow, which loads and serves it."""
    with stage(f"registration of {run}", None) as report:
        from tcclip.plan.other_seeds import with_run
        from tcclip.prediction.from_run import named_run, source_of_run
        from tcclip.prediction.registering import register as give

        source = source_of_run(run, suite, we)
        of_run, plan = source.subject.name, named_run(Path(run), suite)[0]  # of a folder it is the folder's
        report(give(with_run(plan, of_run), of_run, source, name or of_run))


def _told(said: Iterable[Prediction], csv: Path | None, stack: ExitStack) -> list[Prediction]:
    """Print predictions as they come and write them to `csv`, which is open until `stack` ends."""
    from tcclip.prediction.result import PredictionTable, lines

    found: list[Prediction] = []
    table: PredictionTable | None = None
    for prediction in said:
        print("\n".join(lines(prediction)), flush=True)
        found.append(prediction)
        if csv and table is None:  # now that all that is asked for is there: an earlier file stays until then
            table = PredictionTable(stack.enter_context(_opened(csv)))
        if table:
            table.add(prediction)
    return found


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "w", newline="", encoding="utf-8")


def _summary(found: list[Prediction], model: Model) -> str:
    """The last line; UserError where videos are broken, which were named when they came."""
    broken = [prediction for prediction in found if prediction.broken]
    count = len(found) - len(broken)
    assert model.clock is not None
    rate = count / model.clock.seconds if count else 0.0
    waiting = f"{100 * model.clock.waiting:.0f} % of the time waiting for clips"
    line = f"{count} video{'s' * (count != 1)}, {rate:.2f} videos/s in {model.precision}, {waiting}"
    if broken:
        raise UserError(f"{line}; {len(broken)} of {len(found)} are broken, the first is {broken[0].video}")
    return line
