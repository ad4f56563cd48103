# Raw videos and official lists: generated for the mini suite, placed by the user for the real datasets.


rule raw:
    message:
        "raw videos of {wildcards.dataset}"
    output:
        str(layout.manifest("{dataset}")),
    params:
        settings=lambda wildcards: settings(stages.raw_settings(plan.datasets[wildcards.dataset])),
        code=code("raw"),
    log:
        "logs/raw/{dataset}.log",
    resources:
        mem_mb=1000,
        runtime=60,
    shell:
        "tcclip raw {wildcards.dataset} --suite {suite} --log {log}"
