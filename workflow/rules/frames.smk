# Every frame of every video as JPEG, in shards with random access.


rule shard:
    input:
        str(layout.manifest("{dataset}")),
    output:
        [str(path) for path in layout.shard("{dataset}", "{shard}")],
    log:
        "logs/frames/{dataset}-{shard}.log",
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        settings=lambda wildcards: settings(stages.frame_settings(plan.datasets[wildcards.dataset])),
        code=code("frames"),
    message:
        "frames of {wildcards.dataset}, shard {wildcards.shard}"
    shell:
        "tcclip frames {wildcards.dataset} {wildcards.shard} --log {log}"


rule frames_index:
    input:
        lambda wildcards: stages.shard_files(plan.datasets[wildcards.dataset]),
    output:
        str(layout.frames_index("{dataset}")),
    log:
        "logs/frames/{dataset}-index.log",
    resources:
        mem_mb=2000,
        runtime=30,
    message:
        "frame index of {wildcards.dataset}"
    shell:
        "tcclip frames-index {wildcards.dataset} --log {log}"


rule frames:
    input:
        [layout.frames_index(dataset) for dataset in plan.datasets],
    message:
        "frames of all datasets"
