# Every measured cell beside the number that the paper prints for it, and how many are reproduced.


rule verdicts:
    input:
        stages.verdicts.inputs(plan),
        "params/published.csv",
    output:
        stages.verdicts.outputs(plan),
    log:
        f"logs/{suite}/verdicts.log",
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        suite=suite,
        seeds=seeds,
        settings=settings(stages.verdicts.settings(plan)),
        code=lambda wildcards: stages.verdicts.code(),
    message:
        "verdicts"
    shell:
        "tcclip verdicts --suite {params.suite} {params.seeds} --log {log}"
