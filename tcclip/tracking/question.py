"""One early question to an MLflow store, with a short limit: does it answer, and as a store that can be filled?

The mlflow library tries again for many minutes without a word, and ends in a traceback. It is given an address only
after this question. What is asked is read-only for a server and a database, and a lock for a sqlite file. Imports no
mlflow.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.utils import get_environ_proxies

from tcclip.errors import UserError
from tcclip.tracking.address import DATABASE, VARIABLE, credentials, is_server, tracking_uri
from tcclip.tracking.rest import Server

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
LARGEST = 2**16  # bytes of an answer that are looked at
DATABASES = ("postgresql", "mysql", "mssql")
OF_STORES = ("mlflow", "sqlalchemy", "alembic", "requests", "urllib3", "psycopg2", "psycopg", "boto3", "botocore")
SIGNED_BY_LIBRARY = ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4")  # ways to say who asks that are not ours


def later(suite: str) -> str:
    """The commands that load a suite's runs when the store answers, and into the sqlite file at once."""
    command = f"snakemake mlflow --config suite={suite}"
    here = f", or `env -u {VARIABLE} {command}` loads them into {DATABASE}" if os.environ.get(VARIABLE) else ""
    return f"`{command}` loads them when it answers{here}"


def check(ending: str) -> None:
    """Raise a UserError that begins with what is wrong with the store in use, and goes on with `ending`."""
    if wrong := trouble(tracking_uri()):
        raise UserError(f"{wrong}: {ending}")


@contextlib.contextmanager
def telling(ending: str) -> Iterator[None]:
    """What the store's libraries raise in the block becomes a UserError that names the store, with `ending`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if type(error).__module__.split(".")[0] not in OF_STORES and not isinstance(error, OSError | sqlite3.Error):
            raise
        words = trouble(tracking_uri()) or f"MLflow's store {tracking_uri()} failed ({_first_line(error)})"
        raise UserError(f"{words}: {ending}") from error


def trouble(uri: str) -> str | None:
    """What keeps the store at `uri` (without a password) from being filled, in words that name it; None if nothing."""
    scheme = urlsplit(uri).scheme.split("+")[0]
    if is_server(uri):
        return _of_server(uri, {**os.environ, **credentials()})
    if scheme == "sqlite":
        return _of_file(uri)
    if scheme in DATABASES:
        return _of_database(uri, scheme)
    return (
        f"{VARIABLE} is '{uri}', no store that runs can be loaded into (expected a server's http:// or https:// "
        "address, sqlite:///FILE, or postgresql://USER@HOST/NAME)"
    )


def may_answer(uri: str) -> bool:
    """Whether a store in trouble may be filled later without a change of its address: it is one, and its place is."""
    scheme = urlsplit(uri).scheme.split("+")[0]
    if scheme == "sqlite":
        place = uri.partition("///")[2].partition("?")[0]
        return bool(place) and Path(place).parent.is_dir()
    return is_server(uri) or scheme in DATABASES


def _of_server(uri: str, environment: Mapping[str, str]) -> str | None:
    """`trouble` of a server. A thread asks, because a name that is looked up and bytes that drip in know no limit."""
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(_answer_of(uri, environment)), daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return found[0] if found else why_not(uri, requests.Timeout())


def _answer_of(uri: str, environment: Mapping[str, str]) -> str | None:
    name = f"MLflow's server {uri}"
    try:
        with Server(uri, environment).ask("mini", (CONNECT_SECONDS, ANSWER_SECONDS)) as response:
            content = _content(response)
    except requests.RequestException as error:
        return why_not(uri, error)
    code, words = response.status_code, f"{response.status_code} {response.reason or ''}".strip()
    signed = any(environment.get(variable) for variable in SIGNED_BY_LIBRARY) or _credentials_file()
    if code in (401, 403) and signed:
        return None
    if code in (401, 403):
        given = environment.get("MLFLOW_TRACKING_USERNAME") or environment.get("MLFLOW_TRACKING_TOKEN")
        asks = "does not accept the user and password given" if given else "asks for a user and a password"
        return (
            f"{name} {asks} ({words}; MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN)"
        )
    if code == 407:
        return f"{name} cannot be reached through the proxy of HTTP_PROXY, which asks for a password ({words})"
    moved = [answer.headers.get("Location", "") for answer in response.history if answer.status_code not in (307, 308)]
    if moved and moved[-1]:
        return f"{name} sends on to {_public(moved[-1])}, which is then what {VARIABLE} should name"
    if isinstance(content, dict) and ("experiment" in content or "error_code" in content):
        absent = content.get("error_code") == "RESOURCE_DOES_NOT_EXIST"  # the experiment, and so the server is one
        return None if "experiment" in content or absent else f"{name} answers {words}: {content.get('message', '')}"
    if code == 429 or code >= 500:
        return f"{name} answers {words}: it, or what stands before it, is not ready{_proxy(uri)}"
    page = "a page" if "html" in response.headers.get("Content-Type", "") else "something"
    others = f"a proxy, or another program at that address{_proxy(uri)}"
    return f"{name} answers {words} with {page} that is not MLflow's: {others}"


def _proxy(uri: str) -> str:
    """That a proxy of the environment stands between, if one does."""
    return (
        " (asked through the proxy of HTTP_PROXY; NO_PROXY names what needs none)" if get_environ_proxies(uri) else ""
    )


def why_not(uri: str, error: Exception) -> str:
    """What an error of a request to a server means, in words that name the server."""
    words = _why(error) if isinstance(error, requests.RequestException) else f"refuses it ({_first_line(error)})"
    return f"MLflow's server {uri} {words}"


def _content(response: requests.Response) -> Any:
    """The answer's JSON; None for another text, and for a long one."""
    found = next(response.iter_content(LARGEST), b"")
    try:
        return json.loads(found)
    except ValueError:
        return None


def _why(error: requests.RequestException) -> str:
    """Why there was no answer, or none of MLflow, in a few words."""
    if isinstance(error, requests.HTTPError):
        return f"answers {_first_line(error).partition(' for url')[0]}"
    if isinstance(error, requests.JSONDecodeError):
        return "answers with something that is not MLflow's: a proxy, or another program at that address"
    if isinstance(error, requests.ConnectTimeout | requests.ReadTimeout | requests.Timeout):
        return f"has not answered within {ANSWER_SECONDS:.0f} s"
    if "timed out" in str(error).lower():  # while an answer was read
        return f"has not answered within {ANSWER_SECONDS:.0f} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "has no certificate that is trusted here (MLFLOW_TRACKING_SERVER_CERT_PATH names one)"
    through = " through the proxy of HTTP_PROXY" if isinstance(error, requests.exceptions.ProxyError) else ""
    if isinstance(error, requests.TooManyRedirects):
        return "sends on from one address to the next without an end"
    reason = re.search(r"\[Errno -?\d+\] ([^'\")\]]+)", str(error))
    words = reason[1] if reason else "it closes the connection" if "closed" in str(error) else _first_line(error)
    return f"cannot be reached{through} ({words})"


def _of_file(uri: str) -> str | None:
    place = uri.partition("///")[2].partition("?")[0]
    path = Path(place)
    if not place:
        return f"{VARIABLE} is '{uri}', a store in memory that ends with its process (expected sqlite:///FILE)"
    if not path.exists():
        return None if path.parent.is_dir() else f"the folder of MLflow's store {path} is not there"
    try:
        connection = sqlite3.connect(f"file:{quote(place)}?mode=rw", uri=True, timeout=CONNECT_SECONDS)
        with contextlib.closing(connection):
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        cause = str(error)
        if "locked" in cause:
            return f"MLflow's store {path} is locked by another process that writes into it"
        rebuilt = (
            f" (after `rm '{path}'` it is built again from the runs' folders)" if "not a database" in cause else ""
        )
        return f"MLflow's store {path} cannot be written: {cause}{rebuilt}"
    return None


def _of_database(uri: str, scheme: str) -> str | None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    os.environ.update(credentials())  # where the driver looks for a password
    limit = {"connect_timeout": int(CONNECT_SECONDS)} if scheme in ("postgresql", "mysql") else {}
    try:
        engine = create_engine(uri, connect_args=limit)
        with engine.connect() as connection:
            connection.execute(text("select 1"))
        engine.dispose()
    except ModuleNotFoundError as error:
        package = "`pip install psycopg2-binary`" if error.name == "psycopg2" else error.name
        return f"MLflow's store {uri} needs a Python package that is not installed ({package})"
    except SQLAlchemyError as error:
        return f"MLflow's store {uri} cannot be opened ({_first_line(getattr(error, 'orig', None) or error)})"
    return None


def _credentials_file() -> bool:
    with contextlib.suppress(RuntimeError, OSError):  # no home
        return (Path.home() / ".mlflow" / "credentials").is_file()
    return False


def _public(address: str) -> str:
    """An address without a password and without a query, up to where the interface begins."""
    parts = urlsplit(address)
    place = parts.path.partition("/api/2.0/")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{place}" if parts.netloc else place


def _first_line(error: object) -> str:
    return " ".join((str(error).strip() or type(error).__name__).splitlines()[0].split())[:200]
