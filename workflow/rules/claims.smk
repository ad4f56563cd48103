# The paper's statements (params/claims.yaml) judged by the suite's tables.


rule claims:
    input:
        stages.claims.inputs(plan),
        "params/claims.yaml",
        "params/published.csv",
    output:
        stages.claims.outputs(plan),
    log:
        f"logs/{suite}/claims.log",
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        suite=suite,
        settings=settings(stages.claims.settings(plan)),
        code=lambda wildcards: stages.claims.code(),
    message:
        "claims"
    shell:
        "tcclip claims --suite {params.suite} --log {log}"
