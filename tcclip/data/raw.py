"""Stage `raw`: a dataset's videos and official lists are in place, and a manifest says so."""

from __future__ import annotations

from pathlib import Path

from tcclip.data.manifest import write_rows
from tcclip.data.videos.listing import find_videos
from tcclip.data.videos.seen import look_at
from tcclip.errors import UserError
from tcclip.params.dataset import Dataset, Generated, Own, Release


def write_manifest(dataset: str, raw: Path, manifest: Path, own_list: bool = False, cure: str = "") -> int:
    """Check that a dataset's videos and lists are there, and list them; returns the number of videos.

    `own_list`: the dataset is one's own, whose list is where its file says. `cure` is advised where no video is there.
    A manifest that says the same already stays as it is, so that nothing that is made from it becomes stale.
    """
    videos = find_videos(raw / "videos", cure or f"put videos there and run `tcclip raw {dataset}` again")
    lists = sorted(path for path in (raw / "lists").rglob("[!.]*") if path.is_file())
    if not lists and not own_list:
        raise UserError(
            f"dataset {dataset} has no lists of its splits below {raw / 'lists'}/: where its file names sources, "
            f"`tcclip download {dataset} && tcclip unpack {dataset}` bring them; else put them there and run the same "
            "command again"
        )
    rows = [(path.relative_to(raw).as_posix(), *look_at(path)) for path in [*videos, *lists]]
    write_rows(manifest, rows)
    return len(videos)


def cure_of(dataset: Dataset) -> str:
    """What to do where no video of a dataset is there."""
    where = f"params/datasets/{dataset.name}.yaml"
    match dataset:
        case Generated():
            return f"`rm -r data/raw/{dataset.name} && tcclip raw {dataset.name}` generates them anew"
        case Own() | Release(folder=str()):
            return (
                f"name the folder that holds the videos in {where}: folder, and run `tcclip raw {dataset.name}` again"
            )
        case Release(sources=None):
            return f"put the release's videos there, or name your folder of them in {where}: folder"
        case _:
            return f"`tcclip download {dataset.name} && tcclip unpack {dataset.name}` bring them"
