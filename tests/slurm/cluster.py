"""A real Slurm of one node on loopback: munged, slurmctld and slurmd as root, without systemd, cgroups or a database.

Everything lives in one folder but its configuration, which Slurm's commands inside a job look for in /etc/slurm.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm/slurm.conf")
GPUS_FILE = Path("/etc/slurm/gres.conf")
DAEMONS = ("munged", "slurmctld", "slurmd")
GPUS = 2  # links to /dev/null: Slurm hands them out, nothing computes on them
MEMORY_SHARE = 0.9  # of the machine's memory; must be below what slurmd finds


def why_not() -> str | None:
    """Why this machine cannot run the cluster, if so."""
    missing = [name for name in (*DAEMONS, "mungekey", "sbatch", "srun") if not shutil.which(name)]
    if missing:
        return f"no {', '.join(missing)} (Debian: apt-get install slurm-wlm munge)"
    if os.geteuid():
        return "Slurm's daemons are started as root"
    if answers(6817):
        return "another Slurm runs on this machine"
    if CONFIGURATION.exists() and "ClusterName=tcclip\n" not in CONFIGURATION.read_text():
        return f"{CONFIGURATION} belongs to a Slurm of this machine"
    return None


def answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Cluster:
    folder: Path

    def start(self) -> None:
        for name in ("munge", "state", "spool", "devices"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "munge").chmod(0o755)
        for number in range(GPUS):
            (self.folder / f"devices/gpu{number}").symlink_to("/dev/null")
        CONFIGURATION.parent.mkdir(exist_ok=True)
        template = (Path(__file__).parent / "slurm.conf").read_text()
        CONFIGURATION.write_text(
            template.format(
                host=socket.gethostname().split(".")[0],
                folder=self.folder,
                cpus=os.cpu_count(),
                memory_mb=int(psutil.virtual_memory().total / 2**20 * MEMORY_SHARE),
                gpus=GPUS,
            )
        )
        GPUS_FILE.write_text(f"AutoDetect=off\nName=gpu File={self.folder}/devices/gpu[0-{GPUS - 1}]\n")
        munge = self.folder / "munge"
        call("mungekey", "--create", f"--keyfile={munge}/munge.key")
        files = {"key": "munge.key", "pid": "munged.pid", "log": "munged.log", "seed": "munged.seed"}
        options = [f"--{name}-file={munge}/{file}" for name, file in files.items()]
        call("munged", f"--socket={munge}/munge.sock", *options)
        self.start_controller()
        call("slurmd")
        wait_until(lambda: call("sinfo", "-h", "-o", "%T").strip() == "idle", "the node is not idle", seconds=30)

    def start_controller(self) -> None:
        call("slurmctld")
        wait_until(lambda: answers(6817), "slurmctld does not answer", seconds=30)

    def stop_controller(self) -> None:
        end(self.folder / "slurmctld.pid", "slurmctld")

    def stop(self) -> None:
        """Cancel all jobs and stop the daemons, each by its pid file."""
        if answers(6817):
            for job in self.queue():
                call("scancel", job)
            wait_until(lambda: not self.queue(), "jobs do not end", seconds=60)
        end(self.folder / "slurmd.pid", "slurmd")
        self.stop_controller()
        end(self.folder / "munge/munged.pid", "munged")
        CONFIGURATION.unlink(missing_ok=True)  # without a controller it makes every start of snakemake slower
        GPUS_FILE.unlink(missing_ok=True)

    def queue(self) -> list[str]:
        """Ids of the jobs that wait or run."""
        return call("squeue", "-h", "-o", "%i").split()

    def finished(self) -> dict[str, dict[str, str]]:
        """job id -> what Slurm wrote down when it ended: JobState, TimeLimit, Tres, ..."""
        lines = (self.folder / "finished_jobs.txt").read_text().splitlines()
        records = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
        return {record["JobId"]: record for record in records}


def call(*command: str) -> str:
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


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
