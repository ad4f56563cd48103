"""Slurm's accounting on loopback: slurmdbd with a MariaDB in the cluster's folder, for as long as a test wants it."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cluster import Cluster, configure, forget
from daemons import answers, call, end, wait_until

DAEMONS = ("mariadbd", "slurmdbd")
DBD_PORT = 6819
SMALL = ("--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0")


def why_not() -> str | None:
    """Why this machine cannot keep accounts, if so."""
    missing = [name for name in DAEMONS if not shutil.which(name)]
    return f"no {', '.join(missing)} (Debian: apt-get install slurmdbd mariadb-server-core)" if missing else None


@contextlib.contextmanager
def accounting(cluster: Cluster, account: str) -> Iterator[None]:
    """The cluster keeps accounts, in which root has `account`; before and after it keeps none."""
    folder = cluster.folder
    try:
        start_database(folder)
        cluster.stop_controller()
        cluster.configure(accounting="slurmdbd")
        call("sacctmgr", "--immediate", "add", "cluster", "tcclip")
        call("sacctmgr", "--immediate", "add", "account", account)
        call("sacctmgr", "--immediate", "add", "user", "root", f"account={account}")
        cluster.start_controller()
        yield
    finally:
        cluster.stop_controller()
        cluster.configure(accounting="none")
        cluster.start_controller()
        end(folder / "slurmdbd.pid", "slurmdbd")
        end(folder / "mariadbd.pid", "mariadbd")
        forget("slurmdbd.conf")


def start_database(folder: Path) -> None:
    """MariaDB in an empty folder, without users, and slurmdbd, which makes its tables."""
    (folder / "database").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = [f"--datadir={folder}/database", f"--socket={folder}/mariadbd.sock", f"--pid-file={folder}/mariadbd.pid"]
    network = ["--bind-address=127.0.0.1", f"--port={port}", "--skip-grant-tables", "--skip-name-resolve"]
    with open(folder / "mariadbd.log", "w") as said:
        command = ["mariadbd", "--no-defaults", "--user=root", *where, *network, *SMALL]
        subprocess.Popen(command, stdout=said, stderr=said)
    wait_until(lambda: answers(port), "MariaDB does not answer", seconds=60)
    configure("slurmdbd.conf", folder=folder, port=port)
    call("slurmdbd")
    wait_until(lambda: answers(DBD_PORT), "slurmdbd does not answer", seconds=60)
