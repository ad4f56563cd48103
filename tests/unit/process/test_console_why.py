"""A dry run says why its jobs would run, from the reasons that Snakemake itself writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from snakemake.jobs import Reason
from snakemake.persistence import ParamsChange
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tcclip import LogHandler
from snakemake_logger_plugin_tcclip.why import why

BEFORE, NOW = "3826919be3a1b93f", "12b6bc14c765717d"
DRY_RUN = "This was a dry-run (flag -n). The order of jobs does not reflect the order of execution."


def reason(**changes: object) -> str:
    """As Snakemake writes it."""
    made = Reason()
    for name, value in changes.items():
        if isinstance(value, set):  # of files
            getattr(made, name).update(value)
        else:
            setattr(made, name, value)
    return str(made)


def params(before: set[str], now: set[str]) -> str:
    return reason(params_changed=ParamsChange(only_old=before, only_new=now))


OTHER_K = params({"['method.tc.k=24', 'protocol.lr=0.0003']"}, {"['method.tc.k=16', 'protocol.lr=0.0003']"})
OTHER_CODE = params({f"'{BEFORE}'"}, {f"'{NOW}'"})
BOTH = params({f"'{BEFORE}'", "['seed=1']"}, {f"'{NOW}'", "['seed=2']"})
OTHER_NAMES = params({"['printed=3826919be3a1b93f', 'seeds=']"}, {"['printed=12b6bc14c765717d', 'seeds=']"})
APOSTROPHE = params(  # Python writes what has an apostrophe in other quotes, and what has both with a backslash
    {repr(["table={'rows': \"MAXI's labels; all\"}" + "." * 60, "quote_published=False"])},
    {repr(["table={'rows': \"OST's labels\"}" + "." * 60, "quote_published=True"])},
)
FOLLOWS = reason(updated_input_run={"weights.safetensors"}, missing_output={"metrics.json"})


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (OTHER_K, "  other params, method.tc.k=24 before and method.tc.k=16 now (1): training a"),
        (OTHER_CODE, "  other code (1): training a"),
        (BOTH, "  other params, seed=1 before and seed=2 now (1): training a"),
        (OTHER_NAMES, "  other names, descriptions or sources to print (1): training a"),
        (
            APOSTROPHE,
            "  other table, other params, quote_published=False before and quote_published=True now (1): training a",
        ),
        (params(set(), {"['seed=2']"}), "  other params, none before and seed=2 now (1): training a"),
        (reason(missing_output={"weights.safetensors"}), "  is not there (1): training a"),
        (reason(updated_input={"list.csv"}), "  newer inputs (1): training a"),
        (reason(updated_input_run={"list.csv"}, input_changed=True), "  more, fewer or other inputs (1): training a"),
        (reason(forced=True), "  forced (1): training a"),
    ],
    ids=[
        "k",
        "code",
        "code and seed",
        "hashed",
        "apostrophe",
        "new",
        "missing",
        "newer",
        "inputs",
        "forced",
    ],  # a reason's order is random
)
def test_a_cause_is_said_with_the_values_that_differ_and_no_names_of_files(said, line):
    assert why([{"reason": said, "rule_msg": "training a"}]) == ["Why:", line]


def test_jobs_of_one_cause_are_one_line_and_what_only_follows_is_counted():
    trained = [{"reason": OTHER_K, "rule_msg": f"training {name}"} for name in "dbca"]
    tested = [{"reason": FOLLOWS, "rule_msg": f"evaluating {name}"} for name in "abcd"]
    cause, follow = why([*trained, *tested])[1:]
    assert cause.endswith("(4): training a, training b, training c, ...")
    assert follow == "  and 4 that follow from these"


def test_where_nothing_is_made_nothing_is_said():
    assert why([]) == []


@pytest.mark.parametrize("dry", [True, False])
def test_the_console_says_it_at_the_end_of_a_dry_run_and_of_no_other(monkeypatch, dry):
    lines: list[str] = []
    monkeypatch.setattr("snakemake_logger_plugin_tcclip.screen.Screen.say", lambda _, line: lines.append(line))
    handler = LogHandler.__new__(LogHandler)
    handler.__post_init__()
    job = {"event": LogEvent.JOB_INFO, "jobid": 7, "rule_name": "train", "rule_msg": "training a", "reason": OTHER_CODE}
    handler._emit(SimpleNamespace(**job))
    handler._emit(SimpleNamespace(levelno=20, getMessage=lambda: DRY_RUN if dry else "Complete log(s): somewhere"))
    assert lines == (["Why:", "  other code (1): training a", DRY_RUN] if dry else [])
