"""MLflow's UI on localhost."""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

from tcclip.errors import UserError
from tcclip.params.reader import names
from tcclip.tracking import question
from tcclip.tracking.address import DATABASE, VARIABLE, credentials, is_server, tracking_uri
from tcclip.tracking.mlflow_api import client
from tcclip.tracking.saved_views import link

# Nothing here gives the server jobs (of language models), for which it would start eight processes of 200 MB each.
SERVER = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
HOST = "127.0.0.1"  # MLflow asks nobody for a password: whoever reaches the port may change and delete runs


def open_ui(port: int = 5000) -> NoReturn:
    """Serve the store at http://127.0.0.1:`port` until Ctrl-C; this process becomes the server.

    Raises:
        UserError: there is no store yet, it is a server already, or the port is taken.
    """
    uri = tracking_uri()
    if is_server(uri):
        raise UserError(f"{VARIABLE} is {uri}: open that address in a browser")
    if wrong := question.trouble(uri):
        here = f"`env -u {VARIABLE} tcclip ui` shows {DATABASE}" if VARIABLE in os.environ else "wait for it or end it"
        raise UserError(f"{wrong}: {here}")
    if VARIABLE not in os.environ and not DATABASE.is_file():
        raise UserError(f"there is no {DATABASE} yet: make tables (or snakemake mlflow) writes it")
    if _taken(port):
        raise UserError(f"port {port} is in use: tcclip ui --port {port + 1}")
    if VARIABLE in os.environ:
        print(f"runs: http://{HOST}:{port}")
    else:
        found = experiments(uri)
        if not found:
            print(f"no runs yet; what comes: http://{HOST}:{port}")
        for suite, number in found.items():
            print(f"runs of suite {suite}: http://{HOST}:{port}/#/experiments/{number}/runs")
            print(f"  a table, best row first: http://{HOST}:{port}/{link(number, 'table8b')}  (or another's name)")
    print("Ctrl-C ends it", flush=True)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", HOST]
    command += ["--port", str(port), "--workers", "1"]
    os.execve(sys.executable, command, {**SERVER, **os.environ, **credentials()})


def experiments(uri: str) -> dict[str, str]:
    """Suite -> the id of its experiment in the store, of suites that have runs there."""
    connection = client(uri)
    found = {suite: connection.get_experiment_by_name(suite) for suite in names("suites")}
    numbers = {suite: str(experiment.experiment_id) for suite, experiment in found.items() if experiment}
    return {suite: number for suite, number in numbers.items() if connection.search_runs([number], max_results=1)}


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
