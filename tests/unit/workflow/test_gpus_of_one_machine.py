"""A real Snakemake on this machine hands its jobs cards of their own; names stand in for cards."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
WORKFLOW = """
from tcclip.workflow.snakefile import share_gpus

share_gpus(workflow)

onsuccess:
    print("counted:", workflow.scheduler.global_resources["gpu"])

rule all:
    input: expand("{job}.txt", job=range(5))

rule job:
    output: "{job}.txt"
    resources: gpu=1
    shell: "{PYTHON} -c 'import os, time; from tcclip.process import cards; cards.take(1); began = time.time(); "
        "time.sleep(0.5); print(os.environ[cards.VISIBLE], began, time.time())' >{output}"
"""


def jobs(folder, *options, cards="3,5"):
    (folder / "Snakefile").write_text(WORKFLOW.replace("{PYTHON}", sys.executable))
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": cards, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "snakemake", "--cores", "5", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [path.read_text().split() for path in sorted(folder.glob("?.txt"))]
    return [(card, float(began), float(ended)) for card, began, ended in lines], done.stdout


def most_at_once(lines):
    return max(sum(began <= now < ended for _, began, ended in lines) for _, now, _ in lines)


def test_jobs_of_one_machine_have_cards_of_their_own_and_are_no_more_than_cards(tmp_path):
    lines, said = jobs(tmp_path)
    assert {card for card, _, _ in lines} == {"3", "5"}
    for card in ("3", "5"):
        assert most_at_once([line for line in lines if line[0] == card]) == 1
    assert "counted: 2" in said  # what Snakemake counts with: jobs do not wait for cards in its cores


def test_the_resource_says_how_many_of_the_cards_are_for_the_jobs(tmp_path):
    lines, _ = jobs(tmp_path, "--resources", "gpu=1")
    assert {card for card, _, _ in lines} == {"3"}
    assert most_at_once(lines) == 1
