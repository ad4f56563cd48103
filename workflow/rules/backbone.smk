# CLIP as files: weights, and the token ids of every text the suite needs, so that no later job needs open_clip.


rule backbone:
    output:
        backbone_folder / "weights.safetensors",
        backbone_folder / "backbone.json",
    log:
        f"logs/{suite}/backbone.log",
    threads: plan.suite.backbone.pretraining.threads if plan.suite.backbone.pretraining else 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.backbone_settings(plan)),
        code=code("pretraining" if plan.suite.backbone.pretraining else "backbone"),
    message:
        "CLIP weights"
    shell:
        "tcclip backbone --suite {params.suite} --log {log}"


# What a text's ids are never changes, so no result depends on this file: jobs find their texts there, or else tokenise
# them again with open_clip. It is made early, and made again when names or prompts are new, without re-training anything.
rule tokens:
    input:
        stages.class_files(plan),
    output:
        backbone_folder / "tokens.json",
    log:
        f"logs/{suite}/tokens.log",
    priority: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.text_settings(plan)),
        code=code("tokens"),
    message:
        "token ids of all class names"
    shell:
        "tcclip tokens --suite {params.suite} --log {log}"
