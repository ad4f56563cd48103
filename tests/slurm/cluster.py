"""A real Slurm of two nodes on loopback: munged, slurmctld and two slurmd as root, without systemd.

Everything lives in one folder but its configuration, which Slurm's commands inside a job look for in /etc/slurm.
Memory and cards are limited by cgroups where the machine has those of version 1 and lets root make some; elsewhere
slurmd looks at the memory itself every second.
"""

import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil
from daemons import answers, call, end, wait_until

CONFIGURATION = Path("/etc/slurm")
HERE = Path(__file__).parent
DAEMONS = ("munged", "slurmctld", "slurmd")
NODES = ("tc1", "tc2")
FIRST_PORT = 17001
GPUS = 2  # of a node: device files that no driver answers for; Slurm hands them out, nothing computes on them
NVIDIA = 195  # the major number of real cards' device files
MEMORY_SHARE = 0.9  # of the machine's memory, for all nodes; must be below what slurmd finds
CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "devices")


def why_not() -> str | None:
    """Why this machine cannot run the cluster, if so."""
    missing = [name for name in (*DAEMONS, "mungekey", "sbatch", "srun") if not shutil.which(name)]
    if missing:
        return f"no {', '.join(missing)} (Debian: apt-get install slurm-wlm munge)"
    if os.geteuid():
        return "Slurm's daemons are started as root"
    if answers(6817):
        return "another Slurm runs on this machine"
    main = CONFIGURATION / "slurm.conf"
    if main.exists() and "ClusterName=tcclip\n" not in main.read_text():
        return f"{main} belongs to a Slurm of this machine"
    return None


def with_cgroups() -> bool:
    """Whether root may make control groups of memory and devices here."""
    for controller in CONTROLLERS:
        own = CGROUPS / controller / f"tcclip-{os.getpid()}"
        try:
            own.mkdir()
            own.rmdir()
        except OSError:
            return False
    return True


def configure(file: str, **values: object) -> None:
    """Write a file of /etc/slurm from the template of its name."""
    CONFIGURATION.mkdir(exist_ok=True)
    path = CONFIGURATION / file
    path.write_text((HERE / file).read_text().format(**values))
    path.chmod(0o600)  # slurmdbd insists, and root reads them all


def forget(file: str) -> None:
    (CONFIGURATION / file).unlink(missing_ok=True)


@dataclass(frozen=True)
class Cluster:
    folder: Path

    def start(self) -> None:
        for name in ("munge", "state", "devices"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "munge").chmod(0o755)
        for number in range(GPUS):
            os.mknod(self.folder / f"devices/gpu{number}", 0o20666, os.makedev(NVIDIA, 100 + number))
        self.configure(accounting="none")
        configure("gres.conf", nodes=",".join(NODES), folder=self.folder, last=GPUS - 1)
        if with_cgroups():
            configure("cgroup.conf", cgroups=CGROUPS)
        munge = self.folder / "munge"
        call("mungekey", "--create", f"--keyfile={munge}/munge.key")
        files = {"key": "munge.key", "pid": "munged.pid", "log": "munged.log", "seed": "munged.seed"}
        options = [f"--{name}-file={munge}/{file}" for name, file in files.items()]
        call("munged", f"--socket={munge}/munge.sock", *options)
        self.start_controller()
        for node in NODES:
            call("slurmd", "-N", node)
        wait_until(lambda: self.states() == {"idle"}, "the nodes are not idle", seconds=30)

    def configure(self, accounting: str) -> None:
        """Write slurm.conf; accounting: none or slurmdbd."""
        configure(
            "slurm.conf",
            host=socket.gethostname().split(".")[0],
            folder=self.folder,
            nodes=",".join(NODES),
            ports=",".join(str(FIRST_PORT + place) for place in range(len(NODES))),
            cpus=os.cpu_count(),
            memory_mb=int(psutil.virtual_memory().total / 2**20 * MEMORY_SHARE / len(NODES)),
            gpus=GPUS,
            task_plugin="task/cgroup" if with_cgroups() else "task/none",
            memory_watch="UsePss" if with_cgroups() else "OverMemoryKill",
            accounting=accounting,
        )

    def states(self) -> set[str]:
        return set(call("sinfo", "-h", "-N", "-o", "%T").split())

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
        for node in NODES:
            end(self.folder / f"slurmd-{node}.pid", "slurmd")
        self.stop_controller()
        end(self.folder / "munge/munged.pid", "munged")
        for file in ("slurm.conf", "gres.conf", "cgroup.conf"):
            forget(file)  # without a controller they make every start of snakemake slower
        for controller in CONTROLLERS:
            for node in NODES:
                groups = [path for path in (CGROUPS / controller / f"slurm_{node}").rglob("*") if path.is_dir()]
                for group in sorted([*groups, CGROUPS / controller / f"slurm_{node}"], reverse=True):
                    if group.is_dir():
                        group.rmdir()

    def queue(self) -> list[str]:
        """Ids of the jobs that wait or run."""
        return call("squeue", "-h", "-o", "%i").split()

    def finished(self) -> dict[str, dict[str, str]]:
        """job id -> what Slurm wrote down when it ended: JobState, TimeLimit, Tres, NodeList, ..."""
        lines = (self.folder / "finished_jobs.txt").read_text().splitlines()
        records = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
        return {record["JobId"]: record for record in records}
