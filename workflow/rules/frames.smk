# The scan of every video, and every frame as JPEG in shards with random access; datasets with frames.store "online" are
# only scanned.


rule shard:
    input:
        str(layout.manifest("{dataset}")),
    output:
        [str(path) for path in layout.shard("{dataset}", "{shard}")],
    log:
        "logs/frames/{dataset}-{shard}.log",
    wildcard_constraints:
        dataset=constraint(name for name, dataset in plan.datasets.items() if dataset.frames.store == "shards"),
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        settings=lambda wildcards: settings(stages.frame_settings(plan.datasets[wildcards.dataset])),
        code=code("frames"),
    message:
        "frames of {wildcards.dataset}, shard {wildcards.shard}"
    shell:
        "tcclip frames {wildcards.dataset} {wildcards.shard} --log {log}"


use rule shard as scan with:
    output:
        str(layout.shard("{dataset}", "{shard}")[1]),
    wildcard_constraints:
        dataset=constraint(name for name, dataset in plan.datasets.items() if dataset.frames.store == "online"),


rule frames_index:
    input:
        lambda wildcards: stages.shard_files(plan.datasets[wildcards.dataset]),
    output:
        str(layout.frames_index("{dataset}")),
        str(layout.broken("{dataset}")),
    log:
        "logs/frames/{dataset}-index.log",
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    message:
        "frame index of {wildcards.dataset}"
    shell:
        "tcclip frames-index {wildcards.dataset} --log {log}"


rule frames:
    input:
        [layout.frames_index(dataset) for dataset in plan.datasets],
    message:
        "frames of all datasets"
