# Split tables (video, label) and class lists, from the official lists and the seeded few-shot sampler.

for dataset in plan.datasets.values():

    rule:
        name:
            f"splits_{dataset.name}"
        input:
            stages.splits.inputs(dataset),
        output:
            stages.splits.outputs(dataset),
        log:
            f"logs/splits/{dataset.name}.log",
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            dataset=dataset.name,
            settings=settings(stages.splits.settings(dataset)),
            code=lambda wildcards, dataset=dataset: stages.splits.code(dataset),
        message:
            f"splits of {dataset.name}"
        shell:
            "tcclip splits {params.dataset} --log {log}"


rule splits:
    input:
        [stages.splits.outputs(dataset) for dataset in plan.datasets.values()],
    message:
        "splits of all datasets"
