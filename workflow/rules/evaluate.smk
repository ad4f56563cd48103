# All evaluations of a run, in one job.


rule evaluate:
    input:
        lambda wildcards: stages.evaluate.depends_on(plan, wildcards.run).inputs,
        stages.backbone.weights(plan),
    output:
        stages.evaluate.outputs(plan, "{run}")[0],
        directory(stages.evaluate.outputs(plan, "{run}")[1]),
    log:
        f"logs/{suite}/evaluate/{{run}}.log",
    threads: stages.train.threads(plan)
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),  # shares a cluster's job with its training, and so the tries
        runtime=growing(plan.suite.machine.evaluate_minutes, most=2),
        gpu=plan.suite.machine.gpus,
        auto_gpu=one_card(plan.suite.machine.gpus),
        cpus_per_task=stages.train.threads(plan),  # of a node; Snakemake cuts threads to the cores of the machine it runs on
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.evaluate.depends_on(plan, wildcards.run).settings),
        code=lambda wildcards: stages.evaluate.depends_on(plan, wildcards.run).code,
        planned=lambda wildcards, resources: stages.evaluate.depends_on(plan, wildcards.run).mark,  # recorded above
        let_go=then_let_go(plan),
    message:
        "evaluating {wildcards.run}"
    shell:
        "tcclip evaluate {wildcards.run} --suite {params.suite} --gpus {resources.gpu} --planned {params.planned} --log {log} {params.let_go}"
