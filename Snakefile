"""From videos to tables. Each rule calls one `tcclip` command, which a person can type as well."""

import sys

from snakemake.logging import logger
from snakemake.utils import min_version

from tcclip.plan import layout
from tcclip.stages import declared as stages
from tcclip.tracking import address
from tcclip.workflow import warm
from tcclip.workflow.snakefile import (
    check_targets,
    code,
    constraint,
    growing,
    make_store_first,
    plan_or_exit,
    restore_or_exit,
    settings,
)

min_version("9.18")

plan = plan_or_exit(config)
suite = plan.suite.name
if workflow.is_main_process:
    restore_or_exit(suite)  # what `dvc pull` brought
backbone_folder = layout.backbone(plan.suite.backbone.name)


wildcard_constraints:
    dataset=constraint(plan.datasets),
    shard=r"\d{4}",
    run=constraint(plan.runs),
    table=constraint(plan.tables),


# Jobs of this machine start as forks of one process with the libraries loaded. A cluster's jobs must not find it, even on
# this very machine: a fork would escape the limits of its job, and the signals sent to it.
onstart:
    make_store_first()
    logger.info(f"Suite: {suite}", extra={"suite": suite})  # the console counts this suite's runs
    if workflow.local_exec:
        warm.start_server()


localrules:
    tables,
    videos,
    splits,
    frames,
    trainings,
    mlflow_store,
    load_runs,
    mlflow,
    report,


if not plan.suite.backbone.pretraining:

    localrules:
        backbone,  # it downloads, and compute nodes often have no network


if any(dataset.sources for dataset in plan.datasets.values()):

    localrules:
        download,  # compute nodes often have no network

    include: "workflow/rules/download.smk"
    include: "workflow/rules/unpack.smk"


include: "workflow/rules/raw.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/frames.smk"
include: "workflow/rules/backbone.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/bench.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/mlflow.smk"
include: "workflow/rules/report.smk"


rule tables:
    default_target: True
    input:
        rules.tokens.output,
        # Runs are named beside the tables they fill: a target brings back only what it names.
        stages.result_files(plan, plan.runs),
        [layout.table(suite, table, suffix) for table in plan.tables for suffix in stages.TABLE_FORMATS],
        rules.report.output,
        # not the store: it is a view with addresses of one machine, so that a clone makes its own when it asks for it
        rules.load_runs.output,
    message:
        "All tables of the suite, its report and its MLflow runs"


check_targets(sys.argv[1:], plan, rules=[rule.name for rule in workflow.rules])
