# Split tables (video, label) and class lists, from the official lists and the seeded few-shot sampler.

for dataset in plan.datasets.values():

    rule:
        name:
            f"splits_{dataset.name}"
        input:
            stages.split_inputs(dataset),
        output:
            stages.split_files(dataset),
        log:
            f"logs/splits/{dataset.name}.log",
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            dataset=dataset.name,
            settings=settings(stages.split_settings(dataset)),
            code=code("splits"),
        message:
            f"splits of {dataset.name}"
        shell:
            "tcclip splits {params.dataset} --log {log}"


if plan.suite.llm_names:

    for dataset in plan.datasets.values():
        if dataset.llm_names:

            rule:
                name:
                    f"llm_names_{dataset.name}"
                input:
                    [layout.classes(dataset.name, names) for names in dataset.llm_names],
                output:
                    stages.llm_name_files(dataset),
                log:
                    f"logs/llm_names/{dataset.name}.log",
                localrule: True  # it downloads, and compute nodes often have no network
                resources:
                    mem_mb=growing(1000),
                    runtime=growing(10),
                params:
                    dataset=dataset.name,
                    code=code("llm_names"),
                message:
                    f"rephrased names of {dataset.name}"
                shell:
                    "tcclip llm-names {params.dataset} --log {log}"


rule splits:
    input:
        [stages.split_files(dataset) for dataset in plan.datasets.values()],
    message:
        "splits of all datasets"
