"""DVC carries data and results; Snakemake, wherever they arrive, still knows what is out of date.

What tests/unit/provenance/test_provenance_account.py shows of single files is marked slow here, where whole projects
show it.
"""

import csv
import hashlib
import json
import shutil

import pytest
from projects import FILM, Project

from tcclip.plan import load_plan

TC = "few_shot-ucf101-k2-tc_clip-s1024"
IDENTITY = ("-c", "user.name=A Test", "-c", "user.email=test@example.org")
VERSIONED = ("data", "runs", "reports")
STAGES = ("data", "splits", "frames", "backbone", "results")


def commit(project, message):
    project.run("git", "add", "--all")
    project.run("git", *IDENTITY, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def pushed(finished, tmp_path_factory):
    """A finished project in git, recorded and pushed by DVC; gives it and what `dvc repro` said."""
    folder = tmp_path_factory.mktemp("pushed")
    shutil.copytree(finished.folder, folder / "project", symlinks=True)
    project = Project(folder / "project")
    project.run("git", "init", "--quiet")
    project.run("dvc", "remote", "add", "--default", "store", str(folder / "store"))
    said = project.run("dvc", "repro").stdout
    commit(project, "all tables")
    project.run("dvc", "push")
    return project, said


@pytest.fixture
def clone(pushed, tmp_path):
    """A clone of it that has nothing but what is in git."""
    project, _ = pushed
    project.run("git", "clone", "--quiet", str(project.folder), str(tmp_path / "clone"))
    return Project(tmp_path / "clone")


def weights(project):
    return {path.parent.name: path.read_bytes() for path in project.folder.glob("runs/mini/*/weights.safetensors")}


def files(project):
    """Every versioned file."""
    found = [path for part in VERSIONED for path in (project.folder / part).rglob("*") if path.is_file()]
    return [path for path in found if path.name != ".snakemake_timestamp"]


def damaged_cache_files(project):
    """Objects of DVC's cache whose content is not what their name, an md5, says."""
    objects = [path for path in (project.folder / ".dvc/cache/files/md5").rglob("*") if path.is_file()]
    assert objects
    return [
        path
        for path in objects
        if hashlib.md5(path.read_bytes()).hexdigest() != path.parent.name + path.name.removesuffix(".dir")
    ]


def test_the_stages_call_snakemake_and_a_second_call_does_nothing(pushed):
    project, said = pushed
    for stage in STAGES:
        assert f"Running stage '{stage}'" in said
    assert "training" not in said  # Snakemake had made the tables already, and DVC deleted nothing
    tracked = project.run("git", "ls-files").stdout.splitlines()
    assert "dvc.lock" in tracked
    assert not [name for name in tracked if name.startswith((*VERSIONED, "mlflow.db"))]
    second = project.run("dvc", "repro").stdout
    assert second.count("didn't change, skipping") == len(STAGES)
    assert project.jobs("tables") == {}


@pytest.mark.parametrize(
    "link", ["hardlink", pytest.param("symlink", marks=pytest.mark.slow), pytest.param("copy", marks=pytest.mark.slow)]
)
def test_a_clone_that_pulls_finds_nothing_to_do(pushed, clone, link):
    clone.run("dvc", "config", "--local", "cache.type", link)
    clone.run("dvc", "pull")
    said = clone.snakemake("tables")
    assert "Nothing to be done" in said
    assert weights(clone) == weights(pushed[0])
    assert clone.jobs("frames") == clone.jobs("videos") == {}


@pytest.mark.slow
def test_the_results_alone_are_enough_to_look_at_and_to_judge(clone):
    clone.run("dvc", "pull", "results", "backbone")
    assert not (clone.folder / "data/frames").exists()
    assert clone.jobs("tables") == {}


@pytest.mark.slow
def test_a_clone_makes_its_own_view_in_mlflow(clone):
    clone.run("dvc", "pull")
    assert clone.jobs("mlflow") == {"mlflow_store": 1, "load_runs": 1, "mlflow": 1}


def test_what_was_changed_between_push_and_pull_is_stale_after_it(clone):
    clone.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=32))
    losses = clone.folder / "tcclip/reporting/formats.py"
    losses.write_text(losses.read_text() + "\nANOTHER = 1\n")
    clone.run("dvc", "pull")
    jobs = clone.jobs("tables")
    of_method = len(list((clone.folder / "runs/mini").glob("*-tc_clip-*")))
    assert (jobs["train"], jobs["evaluate"]) == (of_method, of_method)
    assert jobs["table"] == 2
    assert not {"raw", "shard", "backbone", "tokens"} & jobs.keys()


@pytest.mark.slow
def test_a_file_with_another_content_than_the_recorded_one_is_not_trusted(clone):
    clone.run("dvc", "pull")
    frames = clone.folder / "data/frames/mini_ucf101/index.parquet"
    other = (clone.folder / "data/frames/mini_ssv2/index.parquet").read_bytes()
    frames.unlink()
    frames.write_bytes(other)
    said = clone.snakemake("-n", "tables")
    assert "Warning: 1 files differ from those in reports/mini/jobs.json.gz (data/frames/mini_ucf101/index.parq" in said
    on_ucf = [run for run in load_plan("mini").runs if run.startswith("few_shot-ucf101-k2-")]
    assert clone.jobs("tables")["train"] == len([run for run in on_ucf if (clone.folder / "runs/mini" / run).exists()])


@pytest.mark.slow
def test_going_back_to_an_older_commit_brings_its_results_and_what_snakemake_knew_of_them(clone):
    clone.run("dvc", "pull")
    clone.edit("params/tables/table3.yaml", lambda content: content.update(title="Another title"))
    clone.snakemake("tables")
    clone.run("tcclip", "record-jobs")
    clone.run("dvc", "commit", "--force")
    commit(clone, "another title")
    assert clone.jobs("tables") == {}
    for revision in ("HEAD~1", "HEAD@{1}"):
        clone.run("git", "checkout", "--quiet", revision)
        clone.run("dvc", "checkout")
        assert clone.jobs("tables") == {}
    table = clone.folder / "reports/mini/tables/table3.md"
    assert "Another title" in table.read_text()


@pytest.mark.slow
def test_discarding_results_discards_what_snakemake_knew_of_them(clone):
    clone.run("dvc", "pull")
    clone.edit("params/tables/table3.yaml", lambda content: content.update(title="Another title"))
    clone.snakemake("tables")
    clone.run("dvc", "checkout", "--force")
    assert clone.jobs("tables")["table"] == 1  # the table on the disk has the old title again
    clone.run("git", "checkout", "--quiet", "params")
    assert clone.jobs("tables") == {}


def test_data_and_cache_share_the_disk(pushed, clone):
    clone.run("dvc", "pull")
    for project in (pushed[0], clone):
        twice = [path for path in files(project) if path.stat().st_nlink < 2 and path.stat().st_size]
        assert twice == []
        cache = {path.stat().st_ino for path in (project.folder / ".dvc/cache").rglob("*") if path.is_file()}
        assert {path.stat().st_ino for path in files(project) if path.stat().st_size} <= cache


def test_making_things_again_leaves_the_cache_as_it_is(clone):
    """Linked files are the cache's own: writing into one would change what others pull."""
    clone.run("dvc", "pull")
    clone.edit("params/datasets/mini_ssv2.yaml", lambda content: content["generate"].update(seed=77))
    clone.edit("params/methods/vanilla_clip.yaml", lambda content: content.update(text=FILM))
    before = (clone.folder / "data/frames/mini_ssv2/shard-0000.tar").read_bytes()
    clone.snakemake("tables")
    assert (clone.folder / "data/frames/mini_ssv2/shard-0000.tar").read_bytes() != before
    assert damaged_cache_files(clone) == []
    clone.run("git", "checkout", "--quiet", "params")
    clone.run("dvc", "checkout", "--force")
    assert (clone.folder / "data/frames/mini_ssv2/shard-0000.tar").read_bytes() == before
    assert clone.jobs("tables") == {"load_runs": 1, "tables": 1}  # MLflow of this clone has the other runs


@pytest.fixture(scope="module")
def experiment(pushed, tmp_path_factory):
    """A clone after an experiment with one other hyper-parameter, committed; and what DVC said."""
    folder = tmp_path_factory.mktemp("experiment") / "clone"
    pushed[0].run("git", "clone", "--quiet", str(pushed[0].folder), str(folder))
    clone = Project(folder)
    clone.run("git", "config", "user.name", "A Test")
    clone.run("git", "config", "user.email", "test@example.org")
    clone.run("dvc", "pull")
    said = clone.run("dvc", "exp", "run", "--name", "k32", "--set-param", "params/methods/tc_clip.yaml:tc.k=32").stdout
    commit(clone, "k32")
    return clone, said


def test_an_experiment_trains_just_what_depends_on_its_param(pushed, experiment):
    clone, said = experiment
    before, after = weights(pushed[0]), weights(clone)
    changed = {run for run in before if before[run] != after[run]}
    assert changed == {run for run in before if "-tc_clip-" in run}
    trained = {line.split()[2].rstrip(":") for line in said.splitlines() if line.split()[1:2] == ["training"]}
    assert trained == changed
    assert clone.jobs("tables") == {}
    shown = clone.run("dvc", "exp", "show", "--csv", "--num", "2").stdout  # of this commit and the one before it
    rows = list(csv.DictReader(shown.splitlines()))
    k = next(column for column in rows[0] if column.endswith("tc.k"))  # DVC names the file too where several have it
    assert {row["Experiment"]: row[k] for row in rows}["k32"] == "32"


def cells_of(project):
    content = json.loads((project.folder / "reports/mini/cells.json").read_text())
    return {
        f"{table}.{row}.{column}": value
        for table, rows in content.items()
        for row, columns in rows.items()
        for column, value in columns.items()
    }


def test_metrics_diff_names_the_cells_that_moved(pushed, experiment):
    clone, _ = experiment
    before, after = cells_of(pushed[0]), cells_of(clone)
    assert "table3.TC-CLIP.ucf101_k2" in after
    shown = json.loads(clone.run("dvc", "metrics", "diff", "HEAD~1", "HEAD", "--json", "--all").stdout)
    told = {key: (cell["old"], cell["new"]) for key, cell in shown["reports/mini/cells.json"].items()}
    assert told == {key: (before[key], after[key]) for key in before}


def test_plots_diff_draws_the_curves_of_both_commits(pushed, experiment):
    clone, _ = experiment
    drawn = json.loads(clone.run("dvc", "plots", "diff", "HEAD~1", "HEAD", "--json").stdout)["data"]
    name = f"reports/mini/curves/{TC}.csv"
    points = drawn[name][0]["content"]["data"]["values"]
    for revision, project in (("HEAD~1", pushed[0]), ("HEAD", clone)):
        with open(project.folder / "runs/mini" / TC / "history.csv", newline="") as file:
            losses = [float(row["loss"]) for row in csv.DictReader(file)]
        assert [float(point["loss"]) for point in points if point["rev"] == revision] == pytest.approx(losses)
    clone.run("dvc", "plots", "diff", "HEAD~1", "HEAD", "--out", "plots")
    assert name in (clone.folder / "plots/index.html").read_text()
