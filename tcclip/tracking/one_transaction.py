"""Several entries in one session and one transaction of MLflow's store, where that is a database opened from here.

Each call of MLflow's client opens a session of its own, asks sqlite for three settings, reads the run again and waits
until the disk has it: eight times an entry, which took more of a processor than writing the entry.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

MAKER = "ManagedSessionMaker"  # of mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore


@contextlib.contextmanager
def one_transaction(connection: MlflowClient) -> Iterator[None]:
    """Let the calls of the block share a session, made and ended by MLflow itself: all of them count, or none.

    With a server, or an MLflow that keeps its sessions elsewhere, the block's calls are what they always are. Not for
    several threads, and not for points that an entry has already, because MLflow answers these with a rollback.
    """
    store = getattr(getattr(connection, "_tracking_client", None), "store", None)
    plain = getattr(store, MAKER, None)
    if plain is None or "read_only" not in inspect.signature(plain).parameters:
        yield
        return
    failed: BaseException | None = None
    with plain(read_only=False) as session:
        with _shared(store, session):
            try:
                yield
            except BaseException as error:  # MLflow would make an error of its own of it
                failed = error
        if failed:
            session.rollback()
    if failed:
        raise failed


@contextlib.contextmanager
def _shared(store: Any, session: Any) -> Iterator[None]:
    """Let a store give this session to whoever asks for one; its end is left to its owner."""

    @contextlib.contextmanager
    def make(read_only: bool = True) -> Iterator[Any]:
        yield session
        if not read_only:
            session.flush()  # so that the next call finds what this one has written

    plain = getattr(store, MAKER)
    setattr(store, MAKER, make)
    session.commit = session.flush  # some calls commit by themselves
    session.rollback = _refuse  # which some do after an error, and go on: earlier entries would be gone
    try:
        yield
    finally:
        del session.commit, session.rollback
        setattr(store, MAKER, plain)


def _refuse() -> None:
    raise RuntimeError("MLflow gave up a part of what was written together: nothing of it counts")
