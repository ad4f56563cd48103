# The throughput of Table 6. Measured once: other code or another day makes it slower or faster, but not wrong; delete the
# file to measure again. Another method, batch or number of classes does make it stale.


rule bench:
    output:
        stages.bench.outputs(plan),
    log:
        f"logs/{suite}/bench.log",
    threads: workflow.cores or plan.suite.machine.threads
    resources:
        mem_mb=growing(plan.suite.machine.train_mem_mb, most=2),
        runtime=growing(plan.suite.machine.evaluate_minutes, most=2),
        gpu=stages.bench.gpus(plan),
        auto_gpu=one_card(stages.bench.gpus(plan)),
        cpus_per_task=plan.suite.machine.threads,
    params:
        suite=suite,
        options=stages.bench.options(plan),
    message:
        "throughput of the methods"
    shell:
        "tcclip bench --suite {params.suite} {params.options} --out {output} --log {log}"
