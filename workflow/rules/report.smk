# One page with all tables and figures, and the numbers and curves for `dvc metrics diff` and `dvc plots diff`.


rule report:
    input:
        [layout.table(suite, table) for table in plan.tables],
        [stages.metrics_file(plan, run) for run in plan.runs],
    output:
        layout.reports(suite) / "index.html",
        layout.reports(suite) / "metrics.json",
        layout.reports(suite) / "cells.json",
        directory(layout.reports(suite) / "curves"),
        directory(layout.reports(suite) / "figures"),
    log:
        f"logs/{suite}/report.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        suite=suite,
        code=code("report"),
    message:
        "report"
    shell:
        "tcclip report --suite {params.suite} --log {log}"
