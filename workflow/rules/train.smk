# One training per run. The resume state is not an output: Snakemake deletes the outputs of failed jobs.


rule train:
    input:
        lambda wildcards: stages.train.depends_on(plan, wildcards.run).inputs,
        stages.backbone.weights(plan),
    output:
        stages.train.outputs(plan, "{run}"),
    log:
        f"logs/{suite}/train/{{run}}.log",
    threads: stages.train.threads(plan)
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),  # the next tries are of trainings that were out of time
        runtime=plan.suite.machine.train_minutes,  # the same again: a training goes on where its time was over
        gpu=plan.suite.machine.gpus,
        auto_gpu=one_card(plan.suite.machine.gpus),
        cpus_per_task=stages.train.threads(plan),  # of a node; Snakemake cuts threads to the cores of the machine it runs on
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.train.depends_on(plan, wildcards.run).settings),
        code=lambda wildcards: stages.train.depends_on(plan, wildcards.run).code,
        planned=lambda wildcards, resources: stages.train.depends_on(plan, wildcards.run).mark,  # recorded above
        in_time=within_its_time(workflow),
        keep=kept_for_evaluation(workflow, sys.argv),
    message:
        "training {wildcards.run}"
    shell:
        "exec {params.in_time} tcclip train {wildcards.run} --suite {params.suite} --gpus {resources.gpu} --planned {params.planned} --log {log} {params.keep}"


rule trainings:
    input:
        rules.tokens.output,
        [stages.train.outputs(plan, name)[0] for name, run in plan.runs.items() if run.trained],
    message:
        "all trainings"
