# Raw videos and official lists: generated for the mini suite, unpacked or linked for the real datasets.


rule raw:
    input:
        lambda wildcards: stages.raw_inputs(plan.datasets[wildcards.dataset]),
    output:
        str(layout.manifest("{dataset}")),
    log:
        "logs/raw/{dataset}.log",
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        settings=lambda wildcards: settings(stages.raw_settings(plan.datasets[wildcards.dataset])),
        code=lambda wildcards: code("raw", *([stages.GENERATOR] if plan.datasets[wildcards.dataset].generate else [])),
    message:
        "raw videos of {wildcards.dataset}"
    shell:
        "tcclip raw {wildcards.dataset} --log {log}"


rule videos:
    input:
        [layout.manifest(dataset) for dataset in plan.datasets],
    message:
        "raw videos of all datasets"
