"""A real Snakemake on this machine hands its jobs cards of their own; names stand in for cards."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKFLOW = """
from tcclip.workflow.gpus import COUNTED, LIMIT, one_card, share_gpus

share_gpus(workflow, {GPUS})

onsuccess:
    print("counted:", {name: workflow.scheduler.global_resources.get(name) for name in (LIMIT, COUNTED)})

rule all:
    input: expand("{job}.txt", job=range(5))

rule job:
    output: "{job}.txt"
    resources: gpu={GPUS}, auto_gpu=one_card({GPUS})
    shell: "test {resources.gpu} = {GPUS} && "
        "{PYTHON} -c 'import os, time; from tcclip.process import cards; cards.take(1); began = time.time(); "
        "time.sleep(0.5); print(os.environ[cards.VISIBLE] or \\"none\\", began, time.time())' >{output}"
"""


def jobs(folder, *options, cards="3,5", gpus=1):
    text = WORKFLOW.replace("= {GPUS} &&", f"= {gpus} &&").replace("{GPUS}", repr(gpus))
    (folder / "Snakefile").write_text(text.replace("{PYTHON}", sys.executable))
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
    assert "counted: {'gpu': 2, 'auto_gpu': None}" in said  # what Snakemake counts with: jobs do not wait for cards in its cores


def test_the_resource_says_how_many_of_the_cards_are_for_the_jobs(tmp_path):
    lines, _ = jobs(tmp_path, "--resources", "gpu=1")
    assert {card for card, _, _ in lines} == {"3"}
    assert most_at_once(lines) == 1


@pytest.mark.parametrize(("options", "there"), [((), ["3", "5"]), (("--resources", "gpu=1"), ["3"])])
def test_jobs_that_take_a_gpu_if_there_is_one_are_told_so_and_have_cards_of_their_own_too(tmp_path, options, there):
    """Snakemake ends where a limit in numbers meets the word `auto`."""
    lines, said = jobs(tmp_path, *options, gpus="auto")
    assert {card for card, _, _ in lines} == set(there)
    assert most_at_once(lines) <= len(there)
    assert f"counted: {{'gpu': None, 'auto_gpu': {len(there)}}}" in said


def test_a_limit_of_gpus_ends_nothing_where_there_are_none(tmp_path):
    lines, _ = jobs(tmp_path, "--resources", "gpu=1", cards="", gpus="auto")
    assert len(lines) == 5


def test_every_rule_with_gpus_counts_those_of_auto():
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    counts = re.findall(r" gpu=((?:lambda wildcards: )?)(.+),\n +auto_gpu=(?:lambda wildcards: )?one_card\((.+)\),", rules)
    assert len(counts) == rules.count(" gpu=") and all(asked == counted for _, asked, counted in counts)
