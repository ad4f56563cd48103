"""MLflow's UI on localhost."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from tcclip.errors import UserError
from tcclip.files import read_json
from tcclip.tracking.store import DATABASE, FOLDER, tracking_uri


def open_ui(port: int = 5000, database: Path = DATABASE, folder: Path = FOLDER) -> NoReturn:
    """Serve the store at http://127.0.0.1:`port` until Ctrl-C; this process becomes the server.

    Raises:
        UserError: there is no store yet, or the port is taken.
    """
    uri = tracking_uri(database)
    if uri.startswith("sqlite:") and not database.is_file() and uri.endswith(str(database)):
        raise UserError(f"there is no {database} yet: make tables (or snakemake mlflow) writes it")
    if not uri.startswith("sqlite:"):
        raise UserError(f"MLFLOW_TRACKING_URI is {uri}: open that address in a browser")
    if _taken(port):
        raise UserError(f"port {port} is in use: tcclip ui --port {port + 1}")
    for suite, number in experiments(folder).items():
        print(f"runs of suite {suite}: http://127.0.0.1:{port}/#/experiments/{number}/runs")
    print("Ctrl-C ends it", flush=True)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    os.execve(sys.executable, command, {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})


def experiments(folder: Path) -> dict[str, str]:
    """Suite -> experiment id, as the store's stamp says."""
    stamp = folder / "store.json"
    return read_json(stamp)["experiments"] if stamp.is_file() else {}


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
