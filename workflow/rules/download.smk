# The files of a real dataset's release and its published lists: data/downloads/<dataset>/, verified and recorded.
# The downloader's code is left out of what makes a download stale: what is there was verified, whoever fetched it.


rule download:
    output:
        str(layout.received("{dataset}")),
    log:
        "logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=constraint(name for name, dataset in plan.datasets.items() if dataset.sources),
    resources:
        mem_mb=1000,
        runtime=2880,
    params:
        settings=lambda wildcards: settings(stages.download_settings(plan.datasets[wildcards.dataset])),
    message:
        "download of {wildcards.dataset}"
    shell:
        "tcclip download {wildcards.dataset} --log {log}"
