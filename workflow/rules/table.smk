# One table from the metrics and predictions of its runs; a changed layout trains nothing. `snakemake table3` makes Table 3.


rule table:
    input:
        lambda wildcards: stages.table.inputs(plan, wildcards.table),
        "params/published.csv",
    output:
        [
            report(
                file,
                caption="../report/table.rst",
                category="Tables",
                labels={"table": "{table}", "format": file.suffix.removeprefix(".")},
            )
            for file in stages.table.outputs(plan, "{table}")
        ],
        stages.table.intervals(plan, "{table}"),
    log:
        f"logs/{suite}/tables/{{table}}.log",
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        suite=suite,
        seeds=seeds,
        settings=lambda wildcards: settings(stages.table.settings(plan, wildcards.table)),
        code=lambda wildcards: stages.table.code(),
    message:
        "{wildcards.table}"
    shell:
        "tcclip table {wildcards.table} --suite {params.suite} {params.seeds} --log {log}"
