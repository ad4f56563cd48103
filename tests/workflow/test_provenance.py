"""`tcclip explain` and `tcclip reproduce` on a run that was made at a commit."""

import hashlib
import json
import re
import shutil

import pytest
from projects import Project

TC = "few_shot-ucf101-k2-tc_clip-s1024"
IDENTITY = ("-c", "user.name=A Test", "-c", "user.email=test@example.org")
CELL = ("table3", "TC-CLIP", "ucf101_k2")


def commit(project, message):
    project.run("git", "add", "--all")
    project.run("git", *IDENTITY, "commit", "--quiet", "--message", message)
    return project.run("git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="module")
def dated(finished, tmp_path_factory):
    """A finished project whose TC-CLIP run was made at its second commit; gives it and both commits."""
    folder = tmp_path_factory.mktemp("dated") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    project.run("git", "init", "--quiet")
    project.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=32))
    first = commit(project, "k 32")
    project.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=96))
    second = commit(project, "k 96")
    shutil.rmtree(project.folder / "runs/mini" / TC)
    project.snakemake("tables")
    return project, first, second


def facts(text):
    """title -> text of the facts that `tcclip explain` prints of a run; continued lines are joined."""
    found, title = {}, ""
    for line in text.splitlines():
        if line.startswith("  "):
            title = line[2:15].strip() or title
            found[title] = f"{found.get(title, '')} {line[15:].strip()}".strip()
    return found


def test_explain_prints_the_whole_chain_of_a_cell(dated):
    project, _, second = dated
    said = project.run("tcclip", "explain", *CELL).stdout
    chain = facts(said)
    folder = project.folder / "runs/mini" / TC
    accuracy = json.loads((folder / "metrics.json").read_text())["evaluations"]["ucf101-test1-2x1"]
    environment = json.loads((folder / "environment.json").read_text())
    assert chain["value"].startswith(f"{accuracy['top1']:.2f} ({accuracy['n_videos']} videos), interval ")
    assert "reports/mini/tables/" in chain["value"]
    assert f"ucf101-test1-2x1: top1 {accuracy['top1']:.2f} % of {accuracy['n_videos']} videos" in said
    code = json.loads((folder / "metrics.json").read_text())["evaluations"]["ucf101-test1-2x1"]["made_by"]
    assert f"made fingerprint {code['code_fingerprint']}, the same today" in said
    assert f"at commit {second} (no file differed from it)" in said
    assert chain["weights"] == "sha256 " + hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    lines = (project.folder / "mlruns/mini.csv").read_text().splitlines()
    (entry,) = [line.split(",")[1:] for line in lines if line.startswith(f"{TC},")]
    assert chain["MLflow"] == f"http://127.0.0.1:5000/#/experiments/{entry[1]}/runs/{entry[0]}"
    assert "epochs = 2  (params/protocols/few_shot.yaml: 50)" in chain["params"]
    assert "tc.k = 24  (params/methods/tc_clip.yaml: 96)" in chain["params"]  # the suite scales it
    assert "tc.alpha" not in chain["params"]
    assert chain["code"].endswith("the same today")
    index = project.folder / "data/frames/mini_ucf101/index.parquet"
    assert f"{hashlib.sha256(index.read_bytes()).hexdigest()[:16]}  data/frames/mini_ucf101/index.parquet" in said
    assert chain["git commit"] == f"{second} (no file differed from it)"
    assert environment["cpu"] in chain["machine"] and f"torch {environment['torch']}" in chain["machine"]
    assert chain["made by"] == f"tcclip train {TC} && tcclip evaluate {TC}"
    assert "tcclip reproduce table3 'TC-CLIP' ucf101_k2" in said


def test_explain_says_what_has_changed_since(project):
    project.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=32))
    before = project.run("tcclip", "explain", *CELL).stdout
    for file in ("training/losses.py", "evaluation/metrics.py"):
        path = project.folder / "tcclip" / file
        path.write_text(path.read_text() + "\nANOTHER = 1\n")
    said = project.run("tcclip", "explain", *CELL).stdout
    chain = facts(said)
    made, made_before = (re.findall("made fingerprint .*", text) for text in (said, before))
    assert made_before[0].endswith(", the same today") and made[0] != made_before[0] and ", today " in made[0]
    assert chain["stale"] == "method.tc.k was 24, and params/ says 8 today"
    assert ", today " in chain["code"]
    assert chain["git commit"] == "not known: it was made outside a git checkout"


@pytest.mark.parametrize(
    "cell, sentence",
    [
        (("table33", "TC-CLIP", "ucf101_k2"), "suite mini has no table 'table33': it has table2, table3"),
        (("table3", "TC-CLIPP", "ucf101_k2"), "table3 has no row 'TC-CLIPP': it has 'Vanilla CLIP', 'ActionCLIP', "),
        (("table3", "TC-CLIP", "ucf"), "table3 has no column 'ucf': it has ucf101_k2, ssv2_k2"),
        (("table3", "X-CLIP", "ucf101_k2"), "has no method in this suite: nothing is run for it"),
    ],
)
def test_a_cell_that_is_not_there_is_answered_with_those_that_are(finished, cell, sentence):
    done = finished.run("tcclip", "explain", *cell, check=False)
    assert done.returncode == 1
    assert sentence in done.stdout and "Traceback" not in done.stdout


def test_a_cell_made_again_in_a_clean_place_is_the_same_bit_by_bit(dated, tmp_path):
    project, _, second = dated
    place = tmp_path / "place"
    project.edit("params/methods/tc_clip.yaml", lambda content: content["tc"].update(k=7))  # is of no account there
    try:
        said = project.run("tcclip", "reproduce", *CELL, "--keep", str(place)).stdout
    finally:
        project.run("git", "checkout", "--quiet", "params")
    assert f"{TC}: bit-identical weights and predictions of 1 evaluations" in said
    made = Project(place / TC)
    assert made.run("git", "rev-parse", "HEAD").stdout.strip() == second
    weights = f"runs/mini/{TC}/weights.safetensors"
    assert (made.folder / weights).read_bytes() == (project.folder / weights).read_bytes()
    assert (made.folder / "data").readlink() == project.folder / "data"
    assert sorted(path.name for path in (made.folder / "runs/mini").iterdir()) == [TC]


def test_a_commit_that_would_make_another_run_is_refused_before_anything_is_trained(dated):
    project, first, _ = dated
    environment = project.folder / "runs/mini" / TC / "environment.json"
    told = environment.read_text()
    environment.write_text(told.replace(json.loads(told)["git"]["commit"], first))
    try:
        done = project.run("tcclip", "reproduce", TC, check=False)
    finally:
        environment.write_text(told)
    assert done.returncode == 1
    assert "nothing was trained: params method.tc.k: was 24, is 8. --anyway trains" in done.stdout


def test_data_that_are_not_those_of_the_run_are_named(dated):
    project, _, _ = dated
    split = project.folder / "data/splits/mini_ucf101/few_shot_k2.csv"
    rows = split.read_text()
    split.write_text("\n".join(rows.splitlines()[:-1]) + "\n")
    try:
        done = project.run("tcclip", "reproduce", TC, check=False)
    finally:
        split.write_text(rows)
    assert "nothing was trained: params data_fingerprint: was" in done.stdout


def test_a_run_without_a_commit_says_what_to_do(finished):
    done = finished.run("tcclip", "reproduce", TC, check=False)
    assert f"runs/mini/{TC}/environment.json names no git commit" in done.stdout
    assert (
        f"snakemake runs/mini/{TC}/metrics.json --config suite=mini` makes the run again with its commit" in done.stdout
    )
