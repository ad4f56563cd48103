# The scan of every video, and every frame as JPEG in shards with random access; datasets with frames.store "online" are
# only scanned.


rule shard:
    input:
        stages.frames.inputs("{dataset}"),
    output:
        update(stages.frames.outputs("{dataset}", "{shard}")),  # what is still true of them is kept
    log:
        "logs/frames/{dataset}-{shard}.log",
    wildcard_constraints:
        dataset=constraint(name for name, dataset in plan.datasets.items() if dataset.frames.store == "shards"),
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        settings=lambda wildcards: settings(stages.frames.settings(plan.datasets[wildcards.dataset])),
        code=lambda wildcards: stages.frames.code(),
    message:
        "frames of {wildcards.dataset}, shard {wildcards.shard}"
    shell:
        "tcclip frames {wildcards.dataset} {wildcards.shard} --log {log}"


use rule shard as scan with:
    output:
        update(stages.frames.outputs("{dataset}", "{shard}", store="online")),
    wildcard_constraints:
        dataset=constraint(name for name, dataset in plan.datasets.items() if dataset.frames.store == "online"),


rule frames_index:
    input:
        lambda wildcards: stages.frames.index_inputs(plan.datasets[wildcards.dataset]),
    output:
        stages.frames.index_outputs("{dataset}"),
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
        [stages.frames.index_outputs(dataset)[0] for dataset in plan.datasets],
    message:
        "frames of all datasets"
