# One table from the metrics of its runs; a changed layout trains nothing. `snakemake table3` makes Table 3.


rule table:
    input:
        lambda wildcards: stages.table_inputs(plan, wildcards.table),
        "params/published.csv",
    output:
        [str(layout.table(suite, "{table}", suffix)) for suffix in stages.TABLE_FORMATS],
    log:
        f"logs/{suite}/tables/{{table}}.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.table_settings(plan, wildcards.table)),
        code=code("table"),
    message:
        "{wildcards.table}"
    shell:
        "tcclip table {wildcards.table} --suite {params.suite} --log {log}"


for name in plan.tables:

    rule:
        name:
            name
        input:
            rules.tokens.output,
            layout.table(suite, name),
            stages.result_files(plan, plan.runs_of(name)),
        message:
            f"{name} of the suite"
