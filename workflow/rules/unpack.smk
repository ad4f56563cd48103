# Archives of the real datasets, unpacked into videos and lists. What is finished is recorded per archive by the command.


rule unpack:
    input:
        str(layout.received("{dataset}")),
    output:
        str(layout.unpacked("{dataset}")),
    log:
        "logs/unpack/{dataset}.log",
    resources:
        mem_mb=1000,
        runtime=1440,
    params:
        # Not the code: what is in an archive does not depend on it, and all frames would be extracted again.
        settings=lambda wildcards: settings(stages.unpack_settings(plan.datasets[wildcards.dataset])),
    message:
        "unpacking {wildcards.dataset}"
    shell:
        "tcclip unpack {wildcards.dataset} --log {log}"
