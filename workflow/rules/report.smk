# One page with all tables and figures, and the numbers and curves for `dvc metrics diff` and `dvc plots diff`.
# What is marked with report() goes into the archive of `snakemake --report report.zip`, with its caption.


report: "../report/workflow.rst"


rule report:
    input:
        lambda wildcards: stages.report.inputs(plan),
        "params/gallery.yaml",
    output:
        report(stages.report.page(plan), caption="../report/page.rst", category="Page", labels={"file": "index.html"}),
        stages.report.outputs(plan)[1:],
        directory(stages.report.curves(plan)),
        report(
            directory(stages.report.charts(plan)),
            patterns=["{chart}.png"],
            caption="../report/chart.rst",
            category="Charts",
            labels={"chart": "{chart}"},
        ),
    log:
        f"logs/{suite}/report.log",
    priority: 1  # before `load_runs`, which may fail
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        suite=suite,
        seeds=seeds,
        settings=lambda wildcards: settings(stages.report.settings(plan)),
        code=lambda wildcards: stages.report.code(),
    message:
        "report"
    shell:
        "tcclip report --suite {params.suite} {params.seeds} --log {log}"
