# Raw videos and official lists: generated for the mini suite, unpacked or linked for the real datasets.


rule raw:
    input:
        lambda wildcards: stages.raw.inputs(plan.datasets[wildcards.dataset]),
    output:
        stages.raw.outputs("{dataset}"),
    log:
        "logs/raw/{dataset}.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        settings=lambda wildcards: settings(stages.raw.settings(plan.datasets[wildcards.dataset])),
        code=lambda wildcards: stages.raw.code(plan.datasets[wildcards.dataset]),
    message:
        "raw videos of {wildcards.dataset}"
    shell:
        "tcclip raw {wildcards.dataset} --log {log}"


rule videos:
    input:
        [stages.raw.outputs(dataset) for dataset in plan.datasets],
    message:
        "raw videos of all datasets"
