# CLIP's weights as files, so that no later job needs open_clip.


rule backbone:
    input:
        stages.backbone.inputs(plan),
    output:
        stages.backbone.outputs(plan),
    log:
        f"logs/{suite}/backbone.log",
    priority: 2  # all trainings wait for it
    localrule: not plan.suite.backbone.pretraining  # it downloads then, and compute nodes often have no network
    threads: plan.suite.backbone.pretraining.threads if plan.suite.backbone.pretraining else 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.backbone.settings(plan)),
        code=lambda wildcards: stages.backbone.code(plan),
    message:
        "CLIP weights"
    shell:
        "tcclip backbone --suite {params.suite} --log {log}"
