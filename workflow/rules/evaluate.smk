# All evaluations of a run, in one job.


rule evaluate:
    input:
        lambda wildcards: stages.evaluation_inputs(plan, plan.run(wildcards.run)),
        backbone_folder / "weights.safetensors",
    output:
        f"runs/{suite}/{{run}}/metrics.json",
        directory(f"runs/{suite}/{{run}}/predictions"),
    log:
        f"logs/{suite}/evaluate/{{run}}.log",
    threads: stages.threads(plan)
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb),
        runtime=growing(plan.suite.machine.evaluate_minutes),
        gpu=plan.suite.machine.gpus,
        cpus_per_task=stages.threads(plan),  # of a node; Snakemake cuts threads to the cores of the machine it runs on
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.evaluation_settings(plan, plan.run(wildcards.run))),
        code=code("evaluate"),
    message:
        "evaluating {wildcards.run}"
    shell:
        "tcclip evaluate {wildcards.run} --suite {params.suite} --gpus {resources.gpu} --log {log}"
