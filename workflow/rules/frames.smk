# Every frame of every video as JPEG, in shards with random access.


rule shard:
    message:
        "frames of {wildcards.dataset}, shard {wildcards.shard}"
    input:
        str(layout.manifest("{dataset}")),
    output:
        [str(path) for path in layout.shard("{dataset}", "{shard}")],
    params:
        settings=lambda wildcards: settings(stages.frame_settings(plan.datasets[wildcards.dataset])),
        code=code("frames"),
    log:
        "logs/frames/{dataset}-{shard}.log",
    resources:
        mem_mb=2000,
        runtime=240,
    shell:
        "tcclip frames {wildcards.dataset} {wildcards.shard} --suite {suite} --log {log}"


rule frames_index:
    message:
        "frame index of {wildcards.dataset}"
    input:
        lambda wildcards: stages.shard_files(plan.datasets[wildcards.dataset]),
    output:
        str(layout.frames_index("{dataset}")),
    log:
        "logs/frames/{dataset}-index.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "tcclip frames-index {wildcards.dataset} --suite {suite} --log {log}"


rule frames:
    message:
        "frames of all datasets"
    input:
        [layout.frames_index(dataset) for dataset in plan.datasets],
