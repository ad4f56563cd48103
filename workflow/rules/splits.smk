# Split tables (video, label) and class lists, from the official lists and the seeded few-shot sampler.

for dataset in plan.datasets.values():

    rule:
        name:
            f"splits_{dataset.name}"
        input:
            stages.split_inputs(dataset),
        output:
            stages.split_files(dataset, plan.suite.llm_names),
        log:
            f"logs/splits/{dataset.name}.log",
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            dataset=dataset.name,
            names="--llm-names" if plan.suite.llm_names else "",
            settings=settings(stages.split_settings(dataset)),
            code=code("splits"),
        message:
            f"splits of {dataset.name}"
        shell:
            "tcclip splits {params.dataset} {params.names} --log {log}"
