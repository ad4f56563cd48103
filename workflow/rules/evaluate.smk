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
    threads: plan.suite.machine.threads
    resources:
        mem_mb=plan.suite.machine.train_mem_mb,
        runtime=plan.suite.machine.train_minutes,
        gpu=plan.suite.machine.gpus,
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.evaluation_settings(plan, plan.run(wildcards.run))),
        code=code("evaluate"),
    message:
        "evaluating {wildcards.run}"
    shell:
        "tcclip evaluate {wildcards.run} --suite {params.suite} --log {log}"
