# MLflow's view of the run folders. The store is made once, before any run, and filled by one serial job.
# A store that does not answer stops nothing else: this job's sentence says how to load the runs later.
# Trainings do not name the store as an input, because a new store would train them all again; `make_store_first` sees to it
# that a server which is shown trainings has its experiments before.


rule mlflow_store:
    output:
        db=update("mlflow.db"),
        stamp="mlruns/store.json",
    log:
        "logs/mlflow_store.log",
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "MLflow store"
    shell:
        "tcclip mlflow-store --later --log {log}"


rule load_runs:
    input:
        # As the page's, which begins first: should the store not answer, this job fails and nothing else is left to be done.
        lambda wildcards: stages.mlflow.inputs(plan),
        ancient(stages.figure.files(plan)),
        # Looking at runs in the UI touches the store; only its absence matters, and then the stamp is new as well.
        db=ancient("mlflow.db"),
        stamp="mlruns/store.json",
    output:
        stages.mlflow.outputs(plan),
    log:
        f"logs/{suite}/mlflow.log",
    localrule: True
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        suite=suite,
        seeds=seeds,
        code=lambda wildcards: stages.mlflow.code(),
        store=address.shown(),
        tables=lambda wildcards: stages.mlflow.tables(plan),
    message:
        "MLflow runs"
    shell:
        "tcclip mlflow --suite {params.suite} {params.seeds} --log {log}"


rule mlflow:
    input:
        # Both by name, so that either is made again when it is gone.
        "mlflow.db",
        stages.mlflow.outputs(plan),
    message:
        "MLflow store and runs"
