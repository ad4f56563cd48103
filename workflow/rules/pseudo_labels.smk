# Labels of training videos by a model that is not trained, in parts, and the training lists of the surest.

for labelling in stages.pseudo_labels.labellings(plan):
    dataset = plan.dataset(labelling.role).name

    rule:
        name:
            f"label_{dataset}_{labelling.name}".replace("-", "_")
        input:
            stages.pseudo_labels.inputs(plan, labelling),
        output:
            stages.pseudo_labels.outputs(plan, labelling, "{shard}"),
        log:
            f"logs/{suite}/pseudo_labels/{dataset}-{labelling.name}-{{shard}}.log",
        priority: 1  # short, and long trainings wait for it
        threads: stages.train.threads(plan)
        resources:
            mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),
            runtime=growing(plan.suite.machine.evaluate_minutes, most=2),
            gpu=plan.suite.machine.gpus,
            auto_gpu=one_card(plan.suite.machine.gpus),
            cpus_per_task=stages.train.threads(plan),
        params:
            suite=suite,
            dataset=dataset,
            labelling=labelling.name,
            settings=lambda wildcards, labelling=labelling: settings(stages.pseudo_labels.settings(plan, labelling)),
            code=lambda wildcards, labelling=labelling: stages.pseudo_labels.code(plan, labelling),
        message:
            f"pseudo-labels of {dataset} ({labelling.name}), shard {{wildcards.shard}}"
        shell:
            "tcclip pseudo-labels {params.dataset} {wildcards.shard} --only {params.labelling} --suite {params.suite} "
            "--gpus {resources.gpu} --log {log}"


for labelling, keep, file in stages.pseudo_labels.lists(plan):
    dataset = plan.dataset(labelling.role).name

    rule:
        name:
            f"keep_{keep:g}_{dataset}_{labelling.name}".replace("-", "_").replace(".", "_")
        input:
            stages.pseudo_labels.list_inputs(plan, labelling),
        output:
            file,
        log:
            f"logs/{suite}/pseudo_labels/{dataset}-{labelling.name}-kept-{keep:g}.log",
        priority: 1
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            suite=suite,
            dataset=dataset,
            labelling=labelling.name,
            keep=keep,
            code=lambda wildcards: stages.pseudo_labels.code_of_lists(),
        message:
            f"surest {keep:g} of {dataset}'s pseudo-labels ({labelling.name})"
        shell:
            "tcclip pseudo-lists {params.dataset} --only {params.labelling} --keep {params.keep} "
            "--suite {params.suite} --log {log}"


rule pseudo_labels:
    input:
        [file for _, _, file in stages.pseudo_labels.lists(plan)],
    message:
        "pseudo-labels of all datasets"
