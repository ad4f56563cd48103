"""A real Snakemake on this machine hands its jobs cards of their own; names stand in for cards."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tcclip.workflow.gpus import share_gpus

ROOT = Path(__file__).parents[3]
WORKFLOW = """
from tcclip.workflow.gpus import COUNTED, LIMIT, limit_what_is_counted, one_card, share_gpus

limit_what_is_counted(workflow, {GPUS})

onstart:
    share_gpus(workflow, {GPUS})

onsuccess:
    print("counted:", {name: workflow.scheduler.global_resources.get(name) for name in (LIMIT, COUNTED)})

rule all:
    input: expand("{job}.txt", job=range(5))

rule job:
    output: "{job}.txt"
    resources: gpu={GPUS}, auto_gpu=one_card({GPUS})
    shell: "test {resources.gpu} = {GPUS} && "
        "{PYTHON} -c 'import os, time; from tcclip.process import cards; cards.take({TAKE}); began = time.time(); "
        "time.sleep(0.5); print(os.environ[cards.VISIBLE] or \\"none\\", began, time.time())' >{output}"
"""


def snakemake(folder, *options, cards="3,5", gpus=1):
    text = WORKFLOW.replace("= {GPUS} &&", f"= {gpus} &&").replace("{GPUS}", repr(gpus))
    text = text.replace("{TAKE}", "1" if gpus == "auto" else str(gpus))
    (folder / "Snakefile").write_text(text.replace("{PYTHON}", sys.executable))
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": cards, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "snakemake", "--cores", "5", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def jobs(folder, *options, **more):
    done = snakemake(folder, *options, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [path.read_text().split() for path in sorted(folder.glob("?.txt"))]
    return [(card, float(began), float(ended)) for card, began, ended in lines], done.stdout


def most_at_once(lines):
    return max(sum(began <= now < ended for _, began, ended in lines) for _, now, _ in lines)


def test_jobs_of_one_machine_have_cards_of_their_own_and_are_no_more_than_cards(tmp_path):
    lines, said = jobs(tmp_path)
    assert {card for card, _, _ in lines} == {"3", "5"}
    for card in ("3", "5"):
        assert most_at_once([line for line in lines if line[0] == card]) == 1
    assert "counted: {'gpu': 2, 'auto_gpu': None}" in said  # by Snakemake: jobs do not wait for cards in its cores


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


@pytest.mark.parametrize("gpus", [1, "auto"])
def test_no_gpu_is_for_the_jobs_where_the_limit_is_none(tmp_path, gpus):
    """Jobs of one are then told 0 by Snakemake; here they ask for one all the same."""
    (tmp_path / "Snakefile").write_text(
        f"from tcclip.workflow.gpus import *\nlimit_what_is_counted(workflow, {gpus!r})\n"
        f"onstart:\n    share_gpus(workflow, {gpus!r})\n"
        f"rule a:\n    output: 'a'\n    resources: gpu={gpus!r}, auto_gpu=one_card({gpus!r})\n"
        "    shell: 'echo \"$CUDA_VISIBLE_DEVICES $(printenv TCCLIP_CARDS)\" >{output}'\n"
    )
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "3,5", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--resources", "gpu=0"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "a").read_text().split() == []


def test_the_cards_of_a_login_node_are_not_those_of_a_clusters_jobs(monkeypatch):
    monkeypatch.setattr("os.environ", {"CUDA_VISIBLE_DEVICES": "3,5", "TCCLIP_CARDS": "/of/another/workflow"})
    share_gpus(SimpleNamespace(local_exec=False), 1)
    assert os.environ == {"CUDA_VISIBLE_DEVICES": "3,5"}


def test_a_job_that_asks_for_more_cards_than_there_are_says_so_itself(tmp_path):
    said = snakemake(tmp_path, gpus=3).stderr
    assert "3 GPUs are asked for" in said and "Snakemake has 2 to share" in said


def test_every_rule_with_gpus_counts_those_of_auto():
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    counts = re.findall(r" gpu=(?:lambda wildcards: )?(.+),\n +auto_gpu=(?:lambda .+: )?one_card\((.+)\),", rules)
    assert len(counts) == rules.count(" gpu=") and all(asked == counted for asked, counted in counts)
