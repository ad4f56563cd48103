"""The real Snakefile, plan and Slurm profile against a cluster whose jobs sleep: what Snakemake itself takes.

`python tests/scale/simulated_run.py` runs suite `paper` with three seeds and prints the figures.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # it is a script, too

from checkout import copy_parts
from simulated_cluster import SimulatedCluster

PARTS = ("Snakefile", "workflow", "profiles", "slurm", "params", "tcclip", "snakemake_logger_plugin_tcclip")
MOST = 0.25  # of a core: what Snakemake may take
LONGEST = 1800  # seconds until a run that does not end is ended
SAMPLE_SECONDS = 0.5  # between two looks at what Snakemake has used


@dataclass(frozen=True)
class Sample:
    """Processor seconds of Snakemake itself, with its threads and without its children; of these; when."""

    own: float
    children: float
    at: float


class Meter:
    """Looks at a process until it has ended."""

    def __init__(self, pid: int) -> None:
        self.process, self.samples = psutil.Process(pid), list[Sample]()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self) -> None:
        while True:
            try:
                used = self.process.cpu_times()
            except psutil.NoSuchProcess:
                return
            if self.process.status() == psutil.STATUS_ZOMBIE:
                return
            own, children = used.user + used.system, used.children_user + used.children_system
            self.samples.append(Sample(own, children, time.monotonic()))
            time.sleep(SAMPLE_SECONDS)

    def between(self, begin: float, end: float) -> Sample:
        """What was used between two times; `at` is how long that is."""
        first = next(s for s in self.samples if s.at >= begin)
        last = [s for s in self.samples if s.at <= end][-1]
        return Sample(last.own - first.own, last.children - first.children, last.at - first.at)


@dataclass(frozen=True)
class Figures:
    """What a simulated run was like. Shares are of one core, from the first submission to the end."""

    code: int
    jobs: int  # that the cluster ran
    submissions: int
    failed: int
    busiest: int  # jobs that ran at a time, at most
    wall: float  # seconds from the first submission to Snakemake's end
    start: float  # processor seconds before it: imports, plan and DAG
    used: float  # processor seconds after it
    children: float  # of sbatch, squeue and the jobs of the login node
    worst_minute: float  # share of the busiest 60 seconds

    @property
    def share(self) -> float:
        return self.used / self.wall

    def __str__(self) -> str:
        each, rate = self.used / self.submissions, self.submissions / self.wall
        return "\n".join(
            [
                f"{self.jobs} jobs, {self.submissions} submissions ({self.failed} failed), "
                f"at most {self.busiest} at a time",
                f"before the first submission: {self.start:.1f} s of a core",
                f"after it: {self.used:.1f} s of a core in {self.wall:.0f} s, {self.share:.1%} of a core; "
                f"in the busiest minute {self.worst_minute:.1%}",
                f"{1000 * each:.1f} ms for each of {rate:.1f} submissions a second; {MOST} of a core is reached at "
                f"{MOST / each:.1f} a second",
                f"sbatch, squeue and the login node's jobs: {self.children:.1f} s of a core",
            ]
        )


def new_project(folder: Path) -> Path:
    """The checkout's Snakefile, package, profiles and params."""
    folder.mkdir()
    copy_parts(folder, PARTS)
    return folder


def environment(project: Path) -> dict[str, str]:
    """Commands of this environment, the project's package and the plugin that tells files."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    packages = os.pathsep.join([str(project), str(Path(__file__).parent / "plugin")])
    return {**os.environ, "PATH": path, "PYTHONPATH": packages}


def run(project: Path, cluster: SimulatedCluster, arguments: Sequence[str]) -> Figures:
    """`snakemake --profile slurm ARGUMENTS` on the cluster, to its end; what it says goes to console.txt."""
    command = ["snakemake", *arguments, "--profile", "slurm", "--logger", "tcclip", "outputs"]
    with open(project / "console.txt", "w") as console:
        process = subprocess.Popen(
            command,
            cwd=project,
            env=cluster.environment(environment(project)),
            stdout=console,
            stderr=subprocess.STDOUT,
        )
        try:
            meter = Meter(process.pid)
            code = process.wait(LONGEST)
            end = time.monotonic()
        finally:
            process.kill()
    meter.thread.join()
    if not cluster.attempts:
        raise RuntimeError(f"no job was submitted: {(project / 'console.txt').read_text()}")
    begin = cluster.attempts[0].submitted
    before, after = meter.between(0, begin), meter.between(begin, end)
    minutes = [meter.between(begin + m, begin + m + 60) for m in range(0, max(1, int(end - begin) - 60), 10)]
    return Figures(
        code=code,
        jobs=sum(1 for _ in cluster.tries()),
        submissions=len(cluster.attempts),
        failed=sum(a.state == "FAILED" for a in cluster.attempts),
        busiest=cluster.busiest,
        wall=after.at,
        start=before.own,
        used=after.own,
        children=after.children,
        worst_minute=max(m.own / m.at for m in minutes),
    )


def main() -> None:
    """Run, print the figures, and leave the project and a list of all attempts in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=400, help="in the queue at a time")
    parser.add_argument("--seconds", type=float, default=20, help="of a job on average")
    parser.add_argument("--failing", type=float, default=0.1, help="share of the attempts")
    parser.add_argument("--seeds", default="1024,1025,1026", help="of suite paper: three are 3,589 jobs, one is 1,569")
    parser.add_argument("--target", default="tables")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tcclip-scale-"))
    project = new_project(folder / "project")
    with SimulatedCluster(folder / "cluster", project, asked.jobs, asked.seconds, asked.failing) as cluster:
        options = [asked.target, "--jobs", str(asked.jobs), "--config", "suite=paper", f"seeds={asked.seeds}"]
        figures = run(project, cluster, options)
    rows = [f"{a.submitted:.1f},{a.started:.1f},{a.ended:.1f},{a.state},{a.job}" for a in cluster.attempts]
    (folder / "attempts.csv").write_text("\n".join(["submitted,started,ended,state,job", *rows, ""]))
    print(figures)
    unfinished = [job for job, states in cluster.tries() if states.count("COMPLETED") != 1]
    print(f"exit code {figures.code}, {len(unfinished)} jobs not done exactly once; what was made is in {folder}")


if __name__ == "__main__":
    main()
