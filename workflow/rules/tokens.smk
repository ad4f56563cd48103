# What a text's ids are never changes, so no result depends on this file: jobs find their texts there, or else tokenise
# them again with open_clip. It is made early, and made again when names or prompts are new, without re-training anything.


rule tokens:
    input:
        stages.tokens.inputs(plan),
    output:
        stages.tokens.outputs(plan),
    log:
        f"logs/{suite}/tokens.log",
    priority: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        suite=suite,
        settings=lambda wildcards: settings(stages.tokens.settings(plan)),
        code=lambda wildcards: stages.tokens.code(),
    message:
        "token ids of all class names"
    shell:
        "tcclip tokens --suite {params.suite} --log {log}"
