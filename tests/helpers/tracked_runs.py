"""One trained and one untrained run, loaded into MLflow."""

from __future__ import annotations

from hand_made import evaluation_part

from tcclip.plan import Plan, Run, load_plan
from tcclip.tracking.address import tracking_uri
from tcclip.tracking.mlflow_api import client

TRAINED = Run("few_shot-ssv2-k2-tc_clip-s1024", "few_shot", "tc_clip", "ssv2", 2, None, 1024)


UNTRAINED = Run("untrained-vanilla_clip", "few_shot", "vanilla_clip", None, None, None, None)


def parts(top1: float) -> dict:
    return {"ssv2-test1-2x1": {**evaluation_part(top1), "we": False}}


def small_plan() -> Plan:
    """The mini suite, cut down to one trained and one untrained run."""
    whole = load_plan("mini")
    cells = {
        "table3": tuple(
            c for c in whole.cells["table3"] if c.column == "ssv2_k2" and c.method in ("tc_clip", "vanilla_clip")
        )
    }
    return Plan(whole.suite, whole.tables, cells, {run.name: run for run in (TRAINED, UNTRAINED)})


def entries(filter_string: str = "") -> list:
    connection = client(tracking_uri())
    experiment = connection.get_experiment_by_name("mini")
    return list(connection.search_runs([experiment.experiment_id], filter_string))
