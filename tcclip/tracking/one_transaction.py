"""One entry, one session of MLflow's store, where the store is a database that is opened from here.

Each call of MLflow's client opens a session of its own, asks sqlite for three settings, reads the run again and commits:
eight times for an entry, which took more of a processor than writing it. Here the calls of one entry share the first
session, made and ended by MLflow itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

MAKER = "ManagedSessionMaker"  # of mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore


@contextlib.contextmanager
def one_transaction(connection: MlflowClient) -> Iterator[None]:
    """Let the calls of the block share one session; with a server, or an MLflow that keeps sessions otherwise, nothing
    is changed.

    An error rolls back what the block has not committed. Not for several threads.
    """
    store = getattr(getattr(connection, "_tracking_client", None), "store", None)
    plain = getattr(store, MAKER, None)
    if plain is None:
        yield
        return
    with plain(read_only=False) as session:
        session.expire_on_commit = False  # nobody else writes into an entry that is being made
        setattr(store, MAKER, _shared(session))
        try:
            yield
        finally:
            setattr(store, MAKER, plain)


def _shared(session: Any) -> Any:
    """A maker of sessions that gives the same one again, and leaves its end to its owner."""

    @contextlib.contextmanager
    def make(read_only: bool = True) -> Iterator[Any]:
        yield session
        if not read_only:
            session.flush()  # so that the next call finds what this one has written

    return make
