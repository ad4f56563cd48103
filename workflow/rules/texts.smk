# Texts from outside (docs/texts.md), checked: what somebody has written of classes and videos, as far as some run needs it.

for name, kinds in stages.texts.kinds_needed(plan).items():

    rule:
        name:
            f"texts_{name}"
        input:
            stages.texts.inputs(plan.datasets[name], kinds),
        output:
            stages.texts.outputs(plan.datasets[name], kinds),
        log:
            f"logs/texts/{name}.log",
        localrule: True  # those of a release are fetched, and compute nodes often have no network
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            dataset=name,
            kinds=kinds,
            settings=settings(stages.texts.settings(plan.datasets[name], kinds)),
            code=lambda wildcards, dataset=plan.datasets[name]: stages.texts.code(dataset),
        message:
            f"texts of {name}"
        shell:
            "tcclip texts check {params.dataset} {params.kinds} --log {log}"


rule texts:
    input:
        stages.texts.files(plan),
    message:
        "texts from outside of all datasets"
