"""From videos to tables. Each rule calls one `tcclip` command, which a person can type as well."""

import sys

from snakemake.utils import min_version

from tcclip import layout, stages, warm
from tcclip.workflow import check_targets, code, constraint, plan_or_exit, settings

min_version("9.18")

plan = plan_or_exit(config)
suite = plan.suite.name
backbone_folder = layout.backbone(plan.suite.backbone.name)


wildcard_constraints:
    dataset=constraint(plan.datasets),
    shard=r"\d{4}",
    run=constraint(plan.runs),
    table=constraint(plan.tables),


# Jobs of this machine start as forks of one process with the libraries loaded; jobs elsewhere find no such process.
onstart:
    warm.start_server()


localrules:
    tables,
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
        rules.mlflow.input,
    message:
        "All tables of the suite, its report and its MLflow runs"


check_targets(sys.argv[1:], plan, rules=[rule.name for rule in workflow.rules])
