# Archives of the real datasets, unpacked into videos and lists. What is finished is recorded per archive by the command.


rule unpack:
    input:
        stages.unpack.inputs("{dataset}"),
    output:
        stages.unpack.outputs("{dataset}"),
    log:
        "logs/unpack/{dataset}.log",
    resources:
        mem_mb=growing(1000),
        runtime=1440,  # the same again: what is unpacked stays
    message:
        "unpacking {wildcards.dataset}"
    shell:
        "tcclip unpack {wildcards.dataset} --log {log}"
