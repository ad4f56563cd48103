"""MLflow's UI on localhost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tcclip.errors import UserError
from tcclip.tracking.store import DATABASE, FOLDER, tracking_uri


def open_ui(port: int = 5000, database: Path = DATABASE) -> None:
    """Serve the store at http://127.0.0.1:`port` until Ctrl-C.

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
    print(f"MLflow: http://127.0.0.1:{port}  (Ctrl-C ends it)", flush=True)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--default-artifact-root", str(FOLDER.absolute())]
    try:
        subprocess.run(command, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}, check=False)
    except KeyboardInterrupt:
        print()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
