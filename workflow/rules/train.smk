# One training per run. The resume state is not an output: Snakemake deletes the outputs of failed jobs.


rule train:
    input:
        lambda wildcards: stages.training_inputs(plan, plan.run(wildcards.run)),
        backbone_folder / "weights.safetensors",
    output:
        [f"runs/{suite}/{{run}}/{name}" for name in stages.TRAINING_FILES],
    log:
        f"logs/{suite}/train/{{run}}.log",
    wildcard_constraints:
        run=constraint(name for name, run in plan.runs.items() if run.trained),
    threads: stages.threads(plan)
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),  # the next tries are of trainings that were out of time
        runtime=plan.suite.machine.train_minutes,  # the same again: a training goes on where its time was over
        gpu=plan.suite.machine.gpus,
        cpus_per_task=stages.threads(plan),  # of a node; Snakemake cuts threads to the cores of the machine it runs on
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.training_settings(plan, plan.run(wildcards.run))),
        code=code("train"),
    message:
        "training {wildcards.run}"
    shell:
        "exec tcclip train {wildcards.run} --suite {params.suite} --gpus {resources.gpu} --log {log}"


rule trainings:
    input:
        rules.tokens.output,
        [f"runs/{suite}/{name}/weights.safetensors" for name, run in plan.runs.items() if run.trained],
    message:
        "all trainings"
