"""What a training and its evaluation do in one job of a cluster, and not elsewhere."""

import os
from types import SimpleNamespace

import pytest

from tcclip.plan import load_plan
from tcclip.workflow.cluster import kept_for_evaluation, tell_why_groups_fail, then_let_go, within_its_time

RUN = SimpleNamespace(run="few_shot-ucf101-k2-tc_clip-s1024")


BOTH, ONE = ["--allowed-rules", "train", "evaluate", "--cores", "1"], ["--allowed-rules", "train", "--cores", "1"]
ON_A_CLUSTER, HERE = SimpleNamespace(remote_exec=True), SimpleNamespace(remote_exec=False)


@pytest.mark.parametrize(("minutes", "seconds"), [(900, 900 * 60 - 120), (30, 28 * 60), (1, 45)])
def test_a_training_ends_two_minutes_before_its_time_does_and_a_short_one_a_quarter(minutes, seconds):
    words = within_its_time(ON_A_CLUSTER)
    assert words(RUN, SimpleNamespace(runtime=minutes)).endswith(f" {seconds}")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setattr("os.environ", dict(os.environ))


def test_a_training_that_is_evaluated_in_the_same_job_keeps_its_state_until_then():
    """The job's Snakemake knows of both; those that it starts know of one each, and have its environment."""
    kept_for_evaluation(ON_A_CLUSTER, BOTH)
    assert kept_for_evaluation(ON_A_CLUSTER, ONE)(RUN, None) == "--keep-state"
    assert then_let_go(load_plan("mini"))(RUN, None) == f"&& rm -f runs/mini/{RUN.run}/state.pt"


ELSEWHERE = ["--allowed-rules", "train", "--directory", "evaluate"]


@pytest.mark.parametrize(("where", "arguments"), [(ON_A_CLUSTER, ONE), (ON_A_CLUSTER, ELSEWHERE), (HERE, BOTH)])
def test_one_that_is_not_keeps_none(where, arguments):
    assert kept_for_evaluation(where, arguments)(RUN, None) == then_let_go(load_plan("mini"))(RUN, None) == ""


def test_on_this_machine_no_time_is_limited():
    assert within_its_time(HERE)(RUN, SimpleNamespace(runtime=30)) == ""


def test_what_a_cluster_says_of_a_shared_job_is_said_and_of_another_not_twice(caplog):
    """Snakemake's own error of a group leaves it out."""
    told = []
    executor = SimpleNamespace(print_job_error=lambda info, msg, **more: told.append(msg))
    tell_why_groups_fail(SimpleNamespace(get_executor=lambda job: executor))
    for shared in (True, False):
        executor.print_job_error(SimpleNamespace(job=SimpleNamespace(is_group=lambda s=shared: s)), f"no gpux {shared}")
    assert told == ["no gpux True", "no gpux False"]
    assert [record.getMessage() for record in caplog.records] == ["no gpux True"]


def test_what_a_cluster_says_of_every_try_is_said_once_and_without_the_call(caplog):
    executor = SimpleNamespace(print_job_error=lambda info, msg, **more: None)
    tell_why_groups_fail(SimpleNamespace(get_executor=lambda job: executor))
    for number in range(26):
        call = f"no such partition.\n    sbatch call:\n        sbatch --comment run{number}"
        executor.print_job_error(SimpleNamespace(job=SimpleNamespace(is_group=lambda: True)), call)
    assert [record.getMessage() for record in caplog.records] == ["no such partition."]
