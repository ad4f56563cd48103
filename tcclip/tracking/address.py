"""Which MLflow store is used, and how its password stays out of everything that is printed or kept.

An address with a password never goes beyond this module: the password moves to the environment variable that the
client of such an address reads, so that no error, log, command line or MLflow entry can show it. Imports no mlflow.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from tcclip.errors import UserError

VARIABLE = "MLFLOW_TRACKING_URI"
DATABASE = Path("mlflow.db")  # at the checkout's root
STAMP = Path("mlruns/store.json")  # it is there when the store has been made
PASSWORDS = {  # scheme -> the variable its client reads a password from
    "http": "MLFLOW_TRACKING_PASSWORD",
    "https": "MLFLOW_TRACKING_PASSWORD",
    "postgresql": "PGPASSWORD",
}


def tracking_uri(database: Path = DATABASE, environment: MutableMapping[str, str] = os.environ) -> str:
    """MLFLOW_TRACKING_URI without its password if it is set, otherwise the sqlite file (absolute: one address is one
    connection).

    A password in MLFLOW_TRACKING_URI moves to the variable of its client in `environment`.
    """
    given = environment.get(VARIABLE)
    if not given:
        return f"sqlite:///{database.absolute()}"
    clean = _without_password(given, environment)
    environment[VARIABLE] = clean
    return clean


def is_server(uri: str) -> bool:
    """Whether an address is an MLflow server; otherwise it is a database that is opened from here."""
    return urlsplit(uri).scheme in ("http", "https")


def shown() -> str:
    """The store in words that may stand in a log or in a rule's params: no password, no path of this machine."""
    return _without_password(os.environ[VARIABLE], {}) if os.environ.get(VARIABLE) else "sqlite"


def _without_password(uri: str, environment: MutableMapping[str, str]) -> str:
    """`uri` without a password, which goes into `environment`; a server's user name goes as well."""
    parts = urlsplit(uri)
    scheme = parts.scheme.split("+")[0]  # postgresql+psycopg2
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = parts.password or dict(query).get("password")
    if not password:
        return uri
    if scheme not in PASSWORDS:
        raise UserError(
            f"{VARIABLE} has a password in an address of the kind {scheme}://, which cannot be kept out of logs: "
            "use a PostgreSQL database, or an MLflow server in front of the database"
        )
    environment[PASSWORDS[scheme]] = unquote(password) if parts.password else password
    place = parts.netloc.rpartition("@")[2]
    if parts.username and scheme == "postgresql":
        place = f"{parts.netloc.rpartition('@')[0].split(':')[0]}@{place}"
    elif parts.username:
        environment["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
    rest = urlencode([(name, value) for name, value in query if name != "password"])
    return urlunsplit((parts.scheme, place, parts.path, rest, parts.fragment))
