# The files of a real dataset's release and its published lists: data/downloads/<dataset>/, verified and recorded.
# Neither the downloader's code nor the registry makes a download stale: what is there was verified, and unpacking and
# decoding it all again may take days. After a change of `sources` or `lists`, call `tcclip download` and `tcclip unpack`.


rule download:
    output:
        stages.download.outputs("{dataset}"),
    log:
        "logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=constraint(plan.releases),
    localrule: True  # compute nodes often have no network
    resources:
        mem_mb=1000,
        runtime=2880,
    message:
        "download of {wildcards.dataset}"
    shell:
        "tcclip download {wildcards.dataset} --log {log}"
