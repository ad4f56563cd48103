"""GPUs that a suite, an option or the rule's resource `gpu` asks for, on a machine that shows none to its jobs."""

import os
import re
import shlex

import pytest

RUN = "few_shot-ucf101-k2-tc_clip-s1024"


@pytest.fixture
def without(project, monkeypatch):
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "")
    return project


def refused(said: str, count: str) -> list[str]:
    """The command that the sentence of a refusal prints."""
    assert re.search(rf"Error: .*: {count} asked for, and .*params/suites/mini.yaml$", said, re.MULTILINE), said
    return shlex.split(re.search("`(tcclip .*?)`", said)[1])


@pytest.mark.parametrize(
    "command",
    [
        ("train", RUN, "--gpus", "1"),
        ("evaluate", RUN, "--gpus", "1", "--dataset", "ucf101", "--split", "test2", "--views", "1x1"),
    ],
)
def test_a_gpu_that_is_asked_for_and_not_there_is_refused_and_the_printed_command_computes(without, command):
    said = without.run("tcclip", *command, check=False).stdout
    assert "epoch" not in said and "top-1" not in said
    without.run(*refused(said, "1 GPU is"))


def test_the_resource_gpu_reaches_the_job_and_its_sentence_the_console(without):
    (without.folder / f"runs/mini/{RUN}/metrics.json").unlink()
    said = without.snakemake(f"runs/mini/{RUN}/metrics.json", "--set-resources", "evaluate:gpu=2", check=False)
    assert refused(said, "2 GPUs are") == ["tcclip", "evaluate", RUN, "--suite", "mini", "--gpus", "0"]
    without.edit("params/suites/mini.yaml", lambda content: content["machine"].update(gpus=1))
    said = without.snakemake(f"runs/mini/{RUN}/metrics.json", check=False)
    refused(said, "1 GPU is")


def test_a_suite_with_gpus_auto_uses_the_cpu_where_there_is_no_gpu(without):
    without.edit("params/suites/mini.yaml", lambda content: content["machine"].update(gpus="auto"))
    without.snakemake(f"runs/mini/{RUN}/metrics.json")
    assert '"device": "cpu"' in (without.folder / f"runs/mini/{RUN}/environment.json").read_text()
    assert not without.jobs(f"runs/mini/{RUN}/metrics.json")
