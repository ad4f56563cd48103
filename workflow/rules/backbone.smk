# CLIP as files: weights, and the token ids of every text the suite needs, so that no later job needs open_clip.


rule backbone:
    message:
        "CLIP weights"
    output:
        backbone_folder / "weights.safetensors",
        backbone_folder / "backbone.json",
    params:
        settings=lambda wildcards: settings(stages.backbone_settings(plan)),
        code=code("backbone"),
    log:
        f"logs/{suite}/backbone.log",
    threads: plan.suite.backbone.pretraining.threads if plan.suite.backbone.pretraining else 1
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "tcclip backbone --suite {suite} --log {log}"


rule tokens:
    message:
        "token ids of all class names"
    input:
        stages.class_files(plan),
    output:
        backbone_folder / "tokens.json",
    params:
        settings=lambda wildcards: settings(stages.text_settings(plan)),
        code=code("tokens"),
    log:
        f"logs/{suite}/tokens.log",
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "tcclip tokens --suite {suite} --log {log}"
