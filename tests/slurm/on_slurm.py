"""A throw-away project whose commands go through Slurm, with the profile that users have."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from projects import Project, new_project

RUN = "few_shot-ucf101-k2-tc_clip-s1024"
OTHER = "few_shot-ucf101-k2-vifi_clip-s1024"
UNTRAINED = "untrained-vanilla_clip"
START = 180  # seconds; until a job works, on a busy machine
FINISH = 480  # seconds; until Snakemake is done
LITTLE = 700  # MB; an evaluation needs more, and not twice as much
EPOCHS = 10  # of a training that something happens to


@dataclass(frozen=True)
class SlurmProject(Project):
    accounting: bool = False  # whether the cluster has it

    def environment(self, *first: str) -> dict[str, str]:
        stand_in = [] if self.accounting else [str(self.folder / "slurm/without_accounting")]  # as docs/cluster.md says
        return super().environment(*first, str(self.folder / "bin"), *stand_in)

    def before(self, command: str, script: str) -> None:
        """Let the jobs find a shell script of a command's name first, for which `$REAL` is the command itself."""
        path = self.folder / "bin" / command
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\nREAL={shutil.which(command, path=super().environment()['PATH'])}\n{script}")
        path.chmod(0o755)

    @contextlib.contextmanager
    def started(self, *targets: str) -> Iterator[subprocess.Popen[bytes]]:
        """`snakemake --profile slurm TARGETS`, running; what it says goes to console.txt."""
        command = ["snakemake", "--profile", "slurm", *targets]
        with open(self.folder / "console.txt", "a") as console:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdout=console, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def console(self) -> str:
        return (self.folder / "console.txt").read_text()

    def slurm_jobs(self, rule: str, wildcard: str = "") -> list[str]:
        """Ids of a rule's Slurm jobs so far, in order."""
        logs = (self.folder / f".snakemake/slurm_logs/rule_{rule}/{wildcard}").rglob("*.log")
        return sorted((log.stem for log in logs), key=int)

    def jobs_of(self, run: str) -> list[str]:
        """Ids of a run's Slurm jobs so far, in order: of its training, its evaluation, or both together."""
        folders = (self.folder / ".snakemake/slurm_logs").glob(f"group_{run}_*")
        return sorted((log.stem for folder in folders for log in folder.rglob("*.log")), key=int)

    def unlocked(self) -> bool:
        """Remove a stale lock; False while a Snakemake works here, be it a cancelled job's own that is about to end."""
        return self.run("python", "-m", "tcclip.workflow.unlock", check=False).returncode == 0

    def training_log(self) -> str:
        log = self.folder / f"logs/mini/train/{RUN}.log"
        return log.read_text() if log.is_file() else ""

    def training(self) -> psutil.Process | None:
        """The process that trains the run, which has this folder for its own."""
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            with contextlib.suppress(psutil.NoSuchProcess):
                if words[2:4] == ["train", RUN] and process.cwd() == str(self.folder):
                    return process
        return None

    def weights(self) -> bytes:
        return (self.folder / f"runs/mini/{RUN}/weights.safetensors").read_bytes()

    def copy(self, folder: Path, accounting: bool = False) -> "SlurmProject":
        shutil.copytree(self.folder, folder, symlinks=True)
        shutil.rmtree(folder / ".snakemake/slurm_logs", ignore_errors=True)
        (folder / "console.txt").unlink(missing_ok=True)
        return SlurmProject(folder, accounting)

    def change_machine(self, **values) -> None:
        self.edit("params/suites/mini.yaml", lambda content: content["machine"].update(values))

    def train_for(self, epochs: int) -> None:
        self.edit("params/suites/mini.yaml", lambda c: c["protocols"]["few_shot"].update(epochs=epochs))


def small_project(folder: Path) -> SlurmProject:
    """One dataset and one table with one column: two trainings, three evaluations."""
    project = SlurmProject(new_project(folder).folder)

    def suite(content):
        content.update(datasets={"ucf101": "mini_ucf101"}, tables=["table3"])

    def table3(content):
        content["columns"] = [{"name": "ucf101_k2", "dataset": "ucf101", "shots": 2, "splits": ["test1"]}]

    def profile(content):
        content["slurm-init-seconds-before-status-checks"] = 4
        content["slurm-keep-successful-logs"] = True  # their names tell which jobs there were

    project.edit("params/suites/mini.yaml", suite)
    project.edit("params/tables/table3.yaml", table3)
    project.edit("workflow/profiles/slurm/config.yaml", profile)
    return project
