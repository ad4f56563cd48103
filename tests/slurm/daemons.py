"""Starting, awaiting and ending the daemons of a test's cluster, each by its own pid."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil


def call(*command: str) -> str:
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


def answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def wait_until(happened, otherwise: str, seconds: float) -> None:
    for _ in range(int(seconds / 0.25)):
        if happened():
            return
        time.sleep(0.25)
    raise AssertionError(f"after {seconds:.0f} s: {otherwise}")


def end(pid_file: Path, name: str) -> None:
    """End the daemon of a pid file, if it is what the file says."""
    if not pid_file.is_file():
        return
    pid = int(pid_file.read_text())
    if psutil.pid_exists(pid) and psutil.Process(pid).name() == name:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: gone(pid), f"{name} does not end", seconds=30)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
