"""The small files of an entry; weights stay in the run's folder, which the tag `weights` names."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tcclip.tracking.entry import EntryContent


def log_artifacts(artifact_uri: str, tracking_uri: str, content: EntryContent) -> None:
    """Bring an entry's files to where the store keeps them.

    As MlflowClient.log_artifacts does, which first reads all of the entry again to learn its address. Into a folder of
    this machine they are written at once: by way of a scratch folder each would be made twice and removed once.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    place = get_artifact_repository(artifact_uri, tracking_uri=tracking_uri)
    if isinstance(place, LocalArtifactRepository):
        _write(content, Path(place.artifact_dir))
        return
    with tempfile.TemporaryDirectory() as scratch:
        _write(content, Path(scratch))
        place.log_artifacts(scratch)


def _write(content: EntryContent, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for parent in {(folder / name).parent for name in content.texts}:
        parent.mkdir(parents=True, exist_ok=True)
    for name, text in content.texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for file in content.files:
        shutil.copyfile(file, folder / file.name)
