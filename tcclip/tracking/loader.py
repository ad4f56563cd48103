"""The serial loader: run folders and tables into MLflow. Loading again changes nothing; a changed run replaces its old
entry, and a training that was followed live keeps the entry it has. Entries of other checkouts stay (`checkout`).
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from tcclip.errors import UserError
from tcclip.plan import Plan, layout
from tcclip.plan.run_results import evaluations_of
from tcclip.process.files import write_csv
from tcclip.tracking import checkout, links, question, row_entry, run_entry, saved_views, store
from tcclip.tracking.address import is_server, tracking_uri
from tcclip.tracking.entry import EntryContent
from tcclip.tracking.mlflow_api import agrees, client, close_abandoned, complete, existing
from tcclip.tracking.new_entries import create_all
from tcclip.tracking.store import experiment

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Entry

GARBAGE = 100_000  # new objects between two looks for garbage; an entry makes thousands, most of which go at once
INDEX = ("run", "mlflow_run_id", "mlflow_experiment_id")
LOADED = ("run", "content")
AT_ONCE = 50  # entries in a transaction, which is short, because they are read before it


@dataclass
class Counts:
    """What a load did."""

    new: int = 0
    replaced: int = 0
    completed: int = 0  # entries of trainings that were followed live
    unchanged: int = 0

    def __str__(self) -> str:
        live = f"{self.completed} completed, " if self.completed else ""
        return f"{self.new} new, {self.replaced} replaced, {live}{self.unchanged} unchanged"


def load_runs(plan: Plan, of_untrained: run_entry.Told = run_entry.nothing) -> str:
    """Load every run and every table of a suite.

    Writes reports/<suite>/mlflow.csv, which results these are; mlruns/<suite>.csv, which entries; mlruns/<suite>.js
    (`links`). `of_untrained` gives params and fingerprints of a run that was not trained. Returns a one-line account.
    """
    suite = plan.suite.name
    absent = [name for name in plan.runs if not evaluations_of(layout.run(suite, name))]
    if absent:
        makes = f"snakemake mlflow --config suite={suite}"
        raise UserError(
            f"run {absent[0]} of suite {suite} has no evaluation of its weights: '{makes}' makes what is missing"
        )
    told = f"the runs in {layout.runs(suite)} and the tables in {layout.reports(suite)}/tables are complete"
    ending = f"{told}; {question.later(suite)}"
    question.check(ending)
    with question.telling(ending), garbage_seldom():
        return _load_all(plan, of_untrained)


def _load_all(plan: Plan, of_untrained: run_entry.Told) -> str:
    """`load_runs` when the store answers."""
    suite, uri = plan.suite.name, tracking_uri()
    if not is_server(uri) and store.was_away():
        store.make(uri, exists=True)
    connection = client(uri)
    number = experiment(connection, suite)
    close_abandoned(connection, number)
    known = existing(connection, number)
    contents, read = run_entry.run_keys(plan), partial(run_entry.planned_run, plan, of_untrained=of_untrained)
    ids, account = load(connection, number, known, contents, read)
    table_rows = row_entry.measured_rows(plan, ids, number)
    keys = {name: row_entry.key_of(content) for name, content in table_rows.items()}
    _, of_rows = load(connection, number, known, keys, lambda name: table_rows[name])
    forget(connection, rows_without(known, table_rows))
    saved_views.write_views(connection, number, plan)
    links.write_links(plan, number, uri)
    write_csv(layout.mlflow_index(suite), INDEX, ((run, entry, number) for run, entry in ids.items()))
    write_csv(layout.mlflow_loaded(suite), LOADED, contents.items())
    return f"{account}; rows of tables: {of_rows}" if table_rows else str(account)


def load(
    connection: MlflowClient,
    experiment_id: str,
    known: Mapping[str, Sequence[Entry]],
    keys: Mapping[str, str],
    read: Callable[[str], EntryContent],
) -> tuple[dict[str, str], Counts]:
    """Bring an experiment's entries in line with the runs in `keys` (run -> run_key).

    Args:
        known: the experiment's entries by the run they show.
        read: gives the content of a run's entry; called for new and changed runs only.

    Returns:
        run -> MLflow run id, and an account.
    """
    uri, own = connection.tracking_uri, {checkout.TAG: checkout.own()}
    ids: dict[str, str] = {}
    account = Counts()
    left = iter(keys.items())
    while some := dict(islice(left, AT_ONCE)):
        new: dict[str, EntryContent] = {}
        for name, key in some.items():
            entries = known.get(name, [])  # of all checkouts: one that shows the same is as good as another
            if shown := [e for e in entries if e.data.tags.get("run_key") == key and e.info.status == "FINISHED"]:
                ids[name] = str(shown[0].info.run_id)
                account.unchanged += 1
                continue
            entries = [entry for entry in entries if checkout.is_own(entry.data.tags, uri)]
            content = read(name)
            content = replace(content, tags={**content.tags, **own})
            if live := [entry for entry in entries if agrees(entry, content)]:
                ids[name] = complete(connection, live[0], content, key)
                account.completed += 1
                continue
            new[name] = content
            account.new += not entries
            account.replaced += bool(entries)
        ids |= create_all(connection, experiment_id, new, some)
        forget(connection, (entry for name in some for entry in known.get(name, []) if entry.info.run_id != ids[name]))
    return {name: ids[name] for name in keys}, account


def forget(connection: MlflowClient, entries: Iterable[Entry]) -> None:
    """Delete entries of this checkout, but for those of trainings that run."""
    for entry in entries:
        if entry.info.status != "RUNNING" and checkout.is_own(entry.data.tags, connection.tracking_uri):
            connection.delete_run(entry.info.run_id)


def rows_without(known: Mapping[str, Sequence[Entry]], kept: Collection[str]) -> Iterator[Entry]:
    """The entries of rows that the tables do not have any more."""
    for name, entries in known.items():
        if name not in kept:
            yield from (entry for entry in entries if entry.data.tags.get("kind") == "row")


@contextlib.contextmanager
def garbage_seldom() -> Iterator[None]:
    """Let Python look for garbage seldom: going through all objects of MLflow and SQLAlchemy is a sixth of a load."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
