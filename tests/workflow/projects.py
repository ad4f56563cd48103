"""A throw-away project: the real Snakefile, package and params, with datasets and budgets cut to seconds."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import preloaded
import yaml
from checkout import copy_parts

PARTS = (
    "Snakefile",
    "workflow",
    "profiles",
    "slurm",
    "params",
    "tcclip",
    "snakemake_logger_plugin_tcclip",
    "requirements.lock",
    "dvc.yaml",
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
)


@dataclass(frozen=True)
class Project:
    """A folder in which a test runs commands as a user would."""

    folder: Path

    def run(self, *command: str, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
        """Run a command; its output is in stdout (both streams)."""
        if preloaded.runs(command) and not options:
            done = preloaded.run(command, self.folder, self.environment(preloaded.search_path()))
        else:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environment(preloaded.search_path()),
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                **options,
            )
        assert not check or done.returncode == 0, done.stdout
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        return self.run("snakemake", *arguments, check=check).stdout

    def environment(self, *first: str) -> dict[str, str]:
        """A person's, with folders that are searched for commands before this test's own."""
        path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "PYTHONPATH": str(self.folder)}

    def edit(self, file: str, change) -> None:
        """Change a YAML file through `change(content)`."""
        path = self.folder / file
        content = yaml.safe_load(path.read_text())
        change(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def jobs(self, *arguments: str) -> dict[str, int]:
        """rule -> jobs that Snakemake would run."""
        lines = self.snakemake("-n", *arguments).splitlines()
        if any("Nothing to be done" in line for line in lines):
            return {}
        start = next(i for i, line in enumerate(lines) if line.startswith("---"))
        rows = [line.split() for line in lines[start + 1 :]]
        return {row[0]: int(row[1]) for row in rows[: next(i for i, r in enumerate(rows) if r[:1] == ["total"])]}


FILM = {"mode": "template", "prompt": "a film of {name}."}  # what vanilla_clip's bare name may become


COMPARED = [
    "ActionCLIP",
    "A5",
    "X-CLIP",
    "Vita-CLIP",
    "Open-VCLIP",
    "MAXI",
    "OST",
    "FROSTER",
]  # their runs would be as many again


def shrink(project: Project) -> None:
    """Three datasets' worth of tables, four runs, a few videos and steps each."""

    def suite(content):
        content["tables"] = ["table2", "table3"]
        content["quoted_rows"] = COMPARED
        content["texts"] = []  # TC-CLIP with LLM names would be as many again, too
        content["backbone"]["pretraining"].update(images=64, steps=2, batch=16, warmup_steps=1)
        # a rate at which these few steps already make systems differ, for the page's gallery
        content["protocols"]["few_shot"].update(epochs=2, warmup_epochs=1, lr=2e-3)
        content["protocols"]["zero_shot"].update(epochs=2, warmup_epochs=1, total_batch=4)

    def table2(content):
        content["columns"] = [{"name": "ucf101", "dataset": "ucf101", "splits": ["test1", "test2"]}]
        for row in content["rows"]:
            row.pop("printed_on", None)  # of columns that are left out

    def table3(content):
        content["columns"] = [
            {"name": f"{role}_k2", "dataset": role, "shots": 2, "splits": ["test1"]} for role in ("ucf101", "ssv2")
        ]

    def table6(content):
        content["columns"] = [{"name": "zero_shot", "from_table": {"table": "table2", "column": "ucf101"}}]
        for row in content["rows"]:
            row.pop("skip", None)

    project.edit("params/suites/mini.yaml", suite)
    project.edit("params/tables/table2.yaml", table2)
    project.edit("params/tables/table3.yaml", table3)
    project.edit("params/tables/table6.yaml", table6)
    for path in (project.folder / "params/datasets").glob("mini_*.yaml"):
        project.edit(
            f"params/datasets/{path.name}", lambda content: content["generate"].update(SMALL[content["format"]])
        )
        project.edit(f"params/datasets/{path.name}", cut_shots)


SMALL = {
    "kinetics": {"train_per_class": 1, "test_per_class": 1},
    "ssv2": {"train_per_class": 2, "test_per_class": 1},
    "ucf101": {"train_per_class": 4, "test_per_class": 2},
    "hmdb51": {"train_per_class": 4, "test_per_class": 2},
    "parts": {"train_per_class": 1, "test_per_class": 1},
}


def cut_shots(content):
    if content.get("few_shot"):
        content["few_shot"]["shots"] = [2]
    if content.get("base_novel"):
        content["base_novel"].update(shots=1, draws=1)


def new_project(folder: Path) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    copy_parts(folder, PARTS)
    project = Project(folder)
    shrink(project)
    return project
