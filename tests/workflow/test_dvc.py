"""`dvc repro` makes and records the tables through the same Snakemake targets."""

import json


def test_dvc_records_the_tables_and_a_second_call_does_nothing(project):
    project.run("git", "init", "--quiet")
    first = project.run("dvc", "repro").stdout
    assert "snakemake tables" in first
    assert "Nothing to be done" in first  # Snakemake had made them already
    assert (project.folder / "dvc.lock").is_file()
    tracked = project.run("git", "status", "--porcelain", "--untracked-files=all").stdout
    assert "reports/" not in tracked and "mlflow.db" not in tracked
    second = project.run("dvc", "repro").stdout
    assert "didn't change, skipping" in second
    assert "snakemake" not in second.replace("cmd: snakemake", "")
    assert project.jobs("tables") == {}  # linking the outputs into DVC's cache makes nothing stale
    shown = json.loads(project.run("dvc", "metrics", "show", "--json").stdout)
    headline = json.dumps(shown)
    assert "table3" in headline and "TC-CLIP" in headline


def test_a_changed_parameter_is_a_change_for_dvc(project):
    project.run("git", "init", "--quiet")
    project.run("dvc", "repro")
    project.edit("params/tables/table3.yaml", lambda content: content.update(title="Another title"))
    assert "changed" in project.run("dvc", "status").stdout
    assert "Running stage 'tables'" in project.run("dvc", "repro").stdout
