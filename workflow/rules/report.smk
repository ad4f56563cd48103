# One page with all tables and figures, and the numbers and curves for `dvc metrics diff` and `dvc plots diff`.


rule report:
    input:
        stages.report.inputs(plan),
    output:
        stages.report.outputs(plan),
        [directory(folder) for folder in stages.report.folders(plan)],
    log:
        f"logs/{suite}/report.log",
    priority: 1  # before `load_runs`, which may fail
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        suite=suite,
        code=lambda wildcards: stages.report.code(),
    message:
        "report"
    shell:
        "tcclip report --suite {params.suite} --log {log}"
