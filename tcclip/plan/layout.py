"""Where every file lives. Paths are relative to the working directory, the root of the checkout."""

from __future__ import annotations

from pathlib import Path

from tcclip.params import Dataset
from tcclip.params.texts import OF_VIDEOS, TextKind

DATA = Path("data")
STATE = "state.pt"  # in a run's folder: the resume state of a training
LAST = "last.safetensors"  # in a run's folder: the last epoch's weights, where weights.safetensors has the best one's


def raw(dataset: str) -> Path:
    """The official layout of a dataset: `videos/` and `lists/`."""
    return DATA / "raw" / dataset


def downloads(dataset: str) -> Path:
    """The files of a release as they were fetched, before unpacking."""
    return DATA / "downloads" / dataset


def text_downloads(dataset: str, kind: TextKind) -> Path:
    """The texts of a kind from outside, as they were fetched."""
    return downloads(dataset) / kind


def received(dataset: str) -> Path:
    """The record of a finished download: file, bytes, sha256, URL, and where it goes."""
    return downloads(dataset) / "received.csv"


def unpacked(dataset: str) -> Path:
    """The record of finished unpacking: which archive gave how many files."""
    return raw(dataset) / "unpacked.csv"


def manifest(dataset: str) -> Path:
    """The list of a dataset's raw files; it is there when the dataset is."""
    return raw(dataset) / "manifest.csv"


def splits(dataset: str) -> Path:
    """The split tables of a dataset."""
    return DATA / "splits" / dataset


def split(dataset: str, name: str) -> Path:
    """One split table (video, label)."""
    return splits(dataset) / f"{name}.csv"


def classes(dataset: str, class_list: str) -> Path:
    """One class list (label, name)."""
    return splits(dataset) / "classes" / f"{class_list}.csv"


def class_file(dataset: Dataset, split: str) -> Path:
    """The class names of a split."""
    return classes(dataset.name, dataset.class_list(split))


def given_texts(dataset: str) -> Path:
    """The texts from outside that somebody has written for a dataset, a folder for each kind."""
    return DATA / "texts" / dataset


def texts(dataset: str, kind: TextKind, class_list: str) -> Path:
    """The checked texts of a class list; those of videos are one file."""
    folder = splits(dataset) / "texts"
    return folder / (f"{kind}.json" if kind == OF_VIDEOS else f"{kind}-{class_list}.json")


def frames(dataset: str) -> Path:
    """The frame shards of a dataset."""
    return DATA / "frames" / dataset


def frames_index(dataset: str) -> Path:
    """The index of all shards of a dataset."""
    return frames(dataset) / "index.parquet"


def broken(dataset: str) -> Path:
    """The table of a dataset's videos that are broken or shorter than announced, with the reason."""
    return frames(dataset) / "broken.csv"


def shard(dataset: str, number: int | str) -> tuple[Path, Path]:
    """A shard's tar of JPEGs and its index; `number` may be a wildcard."""
    stem = f"shard-{number:04d}" if isinstance(number, int) else f"shard-{number}"
    return frames(dataset) / f"{stem}.tar", frames(dataset) / f"{stem}.parquet"


def backbone(name: str) -> Path:
    """The folder of a backbone: weights.safetensors, tokens.json, backbone.json."""
    return DATA / "backbones" / name


def pseudo_labels(name: str, dataset: str, labelling: str, number: int | str) -> Path:
    """The labels that a backbone gives some of a split's videos; `number` may be a wildcard."""
    stem = f"labels-{number:04d}" if isinstance(number, int) else f"labels-{number}"
    return _labelled(name, dataset, labelling) / f"{stem}.parquet"


def pseudo_list(name: str, dataset: str, labelling: str, keep: float) -> Path:
    """The training list (video, label) of the share of the videos whose labels are the surest."""
    return _labelled(name, dataset, labelling) / f"kept-{keep:g}.csv"


def _labelled(name: str, dataset: str, labelling: str) -> Path:
    return backbone(name) / "pseudo_labels" / dataset / labelling


def runs(suite: str) -> Path:
    """The folder of all runs of a suite."""
    return Path("runs") / suite


def run(suite: str, name: str) -> Path:
    """A run's folder."""
    return runs(suite) / name


def metrics(suite: str, name: str) -> Path:
    """A run's final numbers."""
    return run(suite, name) / "metrics.json"


def predictions(suite: str, run_name: str, evaluation: str) -> Path:
    """The per-video predictions of one evaluation."""
    return run(suite, run_name) / "predictions" / f"{evaluation}.parquet"


def reports(suite: str) -> Path:
    """Tables, figures and the page of a suite."""
    return Path("reports") / suite


def mlflow_page(suite: str) -> Path:
    """The page that leads from a table's name behind a # to the table's charts in MLflow."""
    return reports(suite) / "mlflow.html"


def mlflow_loaded(suite: str) -> Path:
    """Which results MLflow has been given: the same on every machine, because it travels with the results."""
    return reports(suite) / "mlflow.csv"


def mlflow_index(suite: str) -> Path:
    """Which run is which entry of MLflow's; beside the store, which does not travel with the results."""
    return Path("mlruns") / f"{suite}.csv"


def mlflow_charts(suite: str) -> Path:
    """Tells this page where the charts are; beside the store, which does not travel with the results."""
    return Path("mlruns") / f"{suite}.js"


def table(suite: str, name: str, suffix: str = "csv") -> Path:
    """One table in one format."""
    return reports(suite) / "tables" / f"{name}.{suffix}"


def intervals(suite: str, table: str) -> Path:
    """Replicates of a table's cells, of which intervals are made."""
    return reports(suite) / "intervals" / f"{table}.npz"


def claims(suite: str) -> list[Path]:
    """The paper's statements judged by a suite's tables; each comparison behind them; the statements for reading."""
    return [reports(suite) / name for name in ("claims.csv", "claim_comparisons.csv", "claims.md")]


def verdicts(suite: str) -> tuple[Path, Path]:
    """What is said of measured cells beside the paper's numbers: every cell, and a summary."""
    return reports(suite) / "verdicts.csv", reports(suite) / "verdicts.md"


def figure(suite: str, name: str) -> Path:
    """A figure of the paper as PNG; a PDF of the same name is beside it."""
    return reports(suite) / "figures" / f"{name}.png"


def charts(suite: str) -> Path:
    """The charts of a suite's page: curves, accuracies and confusions, with their CSVs."""
    return reports(suite) / "charts"


def jobs(suite: str) -> Path:
    """Snakemake's account of the jobs that made a suite's files, for the places where DVC brings them."""
    return reports(suite) / "jobs.json.gz"


def bench(device: str) -> Path:
    """Measured costs on one device."""
    return Path("reports") / "bench" / f"{device}.json"


def throughput(suite: str) -> Path:
    """The measured throughput of a suite's methods, for its tables."""
    return reports(suite) / "bench.json"
