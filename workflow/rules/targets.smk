# What a person asks for by name: all tables, or one of them with its runs.

check_names(plan, workflow.rules)


rule tables:
    input:
        rules.tokens.output,
        # Runs are named beside the tables they fill: a target brings back only what it names.
        lambda wildcards: stages.evaluate.finished(plan, plan.runs),
        [stages.table.outputs(plan, table) for table in plan.tables],
        rules.claims.output,
        stages.figure.files(plan),
        rules.verdicts.output,
        rules.report.output,
        # Not the store and what lies beside it, which are a view with addresses of one machine: a clone makes its own
        # when it asks for it.
        stages.mlflow.loaded(plan),
    message:
        "All tables and figures of the suite, its report and its MLflow runs"


if plan.first_look:

    # Some rows of a table and a page of it, while everything else is still to be made: token ids too, as these need
    # the class lists of all datasets.
    rule first_look:
        input:
            lambda wildcards: stages.evaluate.finished(plan, plan.first_look),
        log:
            table=f"logs/{suite}/first_look/table.log",
            page=f"logs/{suite}/first_look/page.log",
        localrule: True
        params:
            table=plan.suite.first_look.table,
            suite=suite,
            seeds=seeds,
        message:
            f"a first page, with {{params.table}}: reports/{suite}/index.html"
        shell:
            "tcclip table {params.table} --suite {params.suite} {params.seeds} --log {log.table} && "
            "tcclip report --so-far --suite {params.suite} {params.seeds} --log {log.page}"


for name in plan.tables:

    rule:
        name:
            name
        input:
            # Not the token ids of all class names: those of datasets that the table has not would have to be fetched for them.
            stages.table.outputs(plan, name)[0],
            lambda wildcards, name=name: stages.evaluate.finished(plan, plan.runs_of(name)),
        message:
            f"{name} of the suite"
