"""Real servers on 127.0.0.1 for tests; each is ended by the test that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import requests
from ports import free_port

from tcclip.tracking.ui import SERVER

PASSWORD = "open-sesame-4711"
START_SECONDS = 180  # a busy machine loads mlflow slowly


@contextlib.contextmanager
def process(command: Sequence[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server process in a session of its own, ended with its children."""
    with open(log, "wb") as output:
        started = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **SERVER, **environment},
        )
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, 9)  # the session is of this server alone
                started.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until `url` answers."""
    for _ in range(2 * START_SECONDS):
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        assert server.poll() is None, log.read_text()
        time.sleep(0.5)
    pytest.fail(log.read_text())


@contextlib.contextmanager
def mlflow_server(folder: Path, backend: str, port: int | None = None, **environment: str) -> Iterator[str]:
    """`mlflow server` with a backend store; gives its address."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", backend, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
    log = folder / "server.log"
    with process(command, log, **environment) as server:
        wait_for(f"{address}/health", server, log)
        yield address


def postgresql_programs() -> Path | None:
    """The folder of PostgreSQL's programs as Debian installs them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found and (os.getuid() or shutil.which("runuser")) else None


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A new PostgreSQL cluster on 127.0.0.1 that asks for a password; gives the address of an empty database in it."""
    programs = postgresql_programs()
    assert programs
    folder.mkdir()
    secret = folder / "password"
    secret.write_text(PASSWORD)
    as_owner: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        as_owner = ["runuser", "-u", "postgres", "--"]
        for path in (folder, secret):
            shutil.chown(path, "postgres")
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and parent.is_relative_to("/tmp") and parent != Path("/tmp"):
                parent.chmod(0o755)
    cluster, port = folder / "cluster", free_port()
    make = [programs / "initdb", "-D", cluster, "-U", "tcclip", "-A", "scram-sha-256", "--pwfile", secret, "-N"]
    subprocess.run([*as_owner, *map(str, make)], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = folder / "server.log"
    with process([*as_owner, str(programs / "postgres"), "-D", str(cluster), *options], log) as server:
        for _ in range(240):
            ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            if subprocess.run(ready).returncode == 0:
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.25)
        create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "tcclip", "mlflow"]
        subprocess.run(create, check=True, env={**os.environ, "PGPASSWORD": PASSWORD})
        yield f"postgresql://tcclip:{PASSWORD}@127.0.0.1:{port}/mlflow"
