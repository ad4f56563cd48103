"""From videos to tables. Each rule calls one `tcclip` command, which a person can type as well."""

import sys

from snakemake.utils import min_version

from tcclip.stages import all_stages
from tcclip.tracking import address
from tcclip.workflow.cluster import kept_for_evaluation, then_let_go, within_its_time
from tcclip.workflow.gpus import one_card
from tcclip.workflow.snakefile import check_names, constraint, growing, plan_or_exit, settings, typed_seeds
from tcclip.workflow.starting import look_first, start

min_version("9.18")

plan = plan_or_exit(config, restored=workflow.is_main_process)
suite, seeds, stages = plan.suite.name, typed_seeds(plan.seeds), all_stages()


wildcard_constraints:
    dataset=constraint(plan.datasets),
    figure=constraint(stages.figure.planned(plan)),
    shard=r"\d{4}",
    run="[^/]+",  # not the hundreds of names, which Snakemake would go through for each file: the stages know them
    table=constraint(plan.tables),


onstart:
    start(plan, workflow)


if plan.releases:

    include: "workflow/rules/download.smk"
    include: "workflow/rules/unpack.smk"


include: "workflow/rules/raw.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/texts.smk"
include: "workflow/rules/frames.smk"
include: "workflow/rules/backbone.smk"
include: "workflow/rules/tokens.smk"
include: "workflow/rules/pseudo_labels.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/bench.smk"
include: "workflow/rules/table.smk"
include: "workflow/rules/figure.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/verdicts.smk"
include: "workflow/rules/mlflow.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/targets.smk"


workflow.default_target = "tables"  # `default_target` of a rule in an included file counts in that file alone
look_first(workflow, plan)
