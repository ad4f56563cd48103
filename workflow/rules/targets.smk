# What a person asks for by name: all tables, or one of them with its runs.

check_names(plan, workflow.rules)


rule tables:
    default_target: True
    input:
        rules.tokens.output,
        # Runs are named beside the tables they fill: a target brings back only what it names.
        stages.evaluate.finished(plan, plan.runs),
        [stages.table.outputs(plan, table) for table in plan.tables],
        rules.report.output,
        # not the store: it is a view with addresses of one machine, so that a clone makes its own when it asks for it
        rules.load_runs.output,
    message:
        "All tables of the suite, its report and its MLflow runs"


for name in plan.tables:

    rule:
        name:
            name
        input:
            rules.tokens.output,
            stages.table.outputs(plan, name)[0],
            stages.evaluate.finished(plan, plan.runs_of(name)),
        message:
            f"{name} of the suite"
