"""Which MLflow store is used, and how its password stays out of everything that is printed or kept.

An address with a password never goes beyond this module: the password is told apart, for the environment variable that
the client of such an address reads, so that no error, log, command line or MLflow entry can show it. Imports no mlflow.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from tcclip.errors import UserError

VARIABLE = "MLFLOW_TRACKING_URI"
DATABASE = Path("mlflow.db")  # at the checkout's root
LOCAL_UI = "http://127.0.0.1:5000"  # of `make ui`
STAMP = Path("mlruns/store.json")  # it is there when the store has been made
PASSWORDS = {  # scheme -> the variable its client reads a password from
    "http": "MLFLOW_TRACKING_PASSWORD",
    "https": "MLFLOW_TRACKING_PASSWORD",
    "postgresql": "PGPASSWORD",
}


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI without its password if it is set, otherwise the sqlite file (absolute: one address is one
    connection).
    """
    given = os.environ.get(VARIABLE)
    return _apart(given)[0] if given else f"sqlite:///{DATABASE.absolute()}"


def credentials(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that open the store of MLFLOW_TRACKING_URI: its address without a password, and the password.

    Whoever opens the store, or starts a process that does, puts them into that one's environment.
    """
    given = environment.get(VARIABLE)
    if not given:
        return {}
    clean, secrets = _apart(given)
    return {VARIABLE: clean, **secrets}


def is_server(uri: str) -> bool:
    """Whether an address is an MLflow server; otherwise it is a database that is opened from here."""
    return urlsplit(uri).scheme in ("http", "https")


def interface(uri: str) -> str:
    """Where the UI of a store is: a server's own, of another that of `make ui`."""
    return uri.rstrip("/") if is_server(uri) else LOCAL_UI


def shown() -> str:
    """The store in words that may stand in a log or in a rule's params: no password, no path of this machine."""
    return tracking_uri() if os.environ.get(VARIABLE) else "sqlite"


def _apart(uri: str) -> tuple[str, dict[str, str]]:
    """`uri` without a password, and the variables for it; a server's user name goes with it."""
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise UserError(f"{VARIABLE} is no address ({error}): `unset {VARIABLE}` uses the sqlite file") from error
    scheme = parts.scheme.split("+")[0]  # postgresql+psycopg2
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = parts.password or dict(query).get("password")
    if not password:
        return uri, {}
    if scheme not in PASSWORDS:
        raise UserError(
            f"{VARIABLE} has a password in an address of the kind {scheme}://, which cannot be kept out of logs: "
            "use a PostgreSQL database, or an MLflow server in front of the database"
        )
    secrets = {PASSWORDS[scheme]: unquote(password) if parts.password else password}
    place = parts.netloc.rpartition("@")[2]
    if parts.username and scheme == "postgresql":
        place = f"{parts.netloc.rpartition('@')[0].split(':')[0]}@{place}"
    elif parts.username:
        secrets["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
    rest = urlencode([(name, value) for name, value in query if name != "password"])
    return urlunsplit((parts.scheme, place, parts.path, rest, parts.fragment)), secrets
