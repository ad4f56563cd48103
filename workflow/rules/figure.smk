# The paper's figures, of those runs that the suite has. `snakemake figures` makes them all.


rule figure:
    input:
        lambda wildcards: stages.figure.inputs(plan, wildcards.figure),
    output:
        [
            report(
                file,
                caption="../report/figure.rst",
                category="Figures",
                labels={"figure": "{figure}", "format": file.suffix.removeprefix(".")},
            )
            for file in stages.figure.outputs(plan, "{figure}")
        ],
    log:
        f"logs/{suite}/figures/{{figure}}.log",
    threads: plan.suite.machine.threads
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),
        runtime=growing(30),
        gpu=lambda wildcards: stages.figure.gpus_of(plan, wildcards.figure),
        auto_gpu=lambda wildcards: one_card(stages.figure.gpus_of(plan, wildcards.figure)),
    params:
        suite=suite,
        seeds=seeds,
        settings=lambda wildcards: settings(stages.figure.settings(plan, wildcards.figure)),
        code=lambda wildcards: stages.figure.code(),
    message:
        "{wildcards.figure}"
    shell:
        "tcclip figure {wildcards.figure} --suite {params.suite} {params.seeds} --gpus {resources.gpu} --log {log}"


rule figures:
    input:
        stages.figure.files(plan),
    message:
        "Figures of the paper"
