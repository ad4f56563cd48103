"""The downloads of the five datasets in their original shape, with a few tiny videos in them."""

from __future__ import annotations

import json
from pathlib import Path

from archive_files import write_joined, write_tar, write_zip
from rar_files import write_rar
from small_videos import write_video

from tcclip.params.release import split_files
from tcclip.plan import layout

HMDB_CLIP = "Ich_&_du!_#1_(a)+;@[b]~_brush_hair_u_nm_np1_ba_goo_0.avi"
ID = "-ab_cdefgh"  # and one more character


def clip(folder: Path, name: str, frames: int = 3) -> bytes:
    """The content of a tiny video in the codec of `name`'s suffix."""
    return write_video(folder / "made" / f"clip-{frames}{Path(name).suffix}", frames=frames).read_bytes()


def hmdb51(folder: Path) -> dict[str, bytes]:
    """Rars of classes in a rar, lists in a rar; returns the content of every video."""
    names = {"brush_hair": [HMDB_CLIP, "b_brush_hair_f_1.avi"], "wave": ["c_wave_f_0.avi"]}
    videos = {f"{action}/{name}": clip(folder, name) for action, all_ in names.items() for name in all_}
    inner = {
        f"{action}.rar": write_rar(
            folder / "made" / f"{action}.rar", {f"{action}/{name}": videos[f"{action}/{name}"] for name in all_}
        ).read_bytes()
        for action, all_ in names.items()
    }
    write_rar(layout.downloads("hmdb51") / "hmdb51_org.rar", inner)
    lists = {
        f"testTrainMulti_7030_splits/{action}_test_split{n}.txt": "".join(f"{name} 1 \n" for name in all_).encode()
        for action, all_ in names.items()
        for n in (1, 2, 3)
    }
    write_rar(layout.downloads("hmdb51") / "test_train_splits.rar", lists)
    return videos


def ucf101(folder: Path) -> dict[str, bytes]:
    """Clips below UCF-101/<Class>/ in a zip, lists in a zip."""
    names = ["Archery/v_Archery_g01_c01.avi", "HandstandPushups/v_HandStandPushups_g01_c01.avi"]
    videos = {f"UCF-101/{name}": clip(folder, name) for name in names}
    write_zip(layout.downloads("ucf101") / "UCF101_videos.zip", {"UCF-101/": b"", **videos})
    rows = "".join(f"{name} {label}\r\n" for label, name in enumerate(names, start=1)).encode()
    lists = {f"ucfTrainTestlist/{kind}list0{n}.txt": rows for kind in ("train", "test") for n in (1, 2, 3)}
    lists["ucfTrainTestlist/classInd.txt"] = b"1 Archery\r\n2 HandstandPushups\r\n"
    write_zip(layout.downloads("ucf101") / "UCF101TrainTestSplits-RecognitionTask.zip", lists)
    return videos


def ssv2(folder: Path) -> dict[str, bytes]:
    """A tar.gz in pieces in zips, labels in a zip."""
    videos = {f"20bn-something-something-v2/{n}.webm": clip(folder, "x.webm", frames=3 + n) for n in (1, 2)}
    write_joined(layout.downloads("ssv2"), videos, "20bn-something-something-v2")
    rows = [{"id": "1", "template": "Pushing [something]", "label": "pushing a cup"}]
    lists = {
        "labels/labels.json": {"Pushing something": "0"},
        "labels/train.json": rows,
        "labels/validation.json": rows,
    }
    content = {name: json.dumps(value).encode() for name, value in lists.items()}
    write_zip(layout.downloads("ssv2") / "20bn-something-something-download-package-labels.zip", content)
    return videos


def k400(folder: Path) -> dict[str, bytes]:
    """Tars that lists of URLs name, a tgz of replacements, annotations as they are."""
    downloads, videos = layout.downloads("k400"), {}
    for split, parts in (("train", 2), ("val", 1)):
        for part in range(parts):
            name = f"{ID}{part}_000001_000011.mp4"
            videos[f"{split}/{name}"] = clip(folder, name)
            write_tar(downloads / f"k400_{split}_path" / f"part_{part}.tar.gz", {f"./{name}": clip(folder, name)})
        urls = [f"https://s3.amazonaws.com/kinetics/400/{split}/part_{part}.tar.gz\n" for part in range(parts)]
        (downloads / f"k400_{split}_path.txt").write_text("".join(urls))
        (downloads / f"{split}.csv").write_text(f"label,youtube_id,time_start,time_end,split\narchery,{ID}0,1,11,x\n")
    name = f"replacement_for_corrupted_k400/{ID}0_000001_000011.mp4"
    videos[f"replacement/{name}"] = clip(folder, name, frames=9)
    write_tar(downloads / "replacement_for_corrupted_k400.tgz", {name: clip(folder, name, frames=9)})
    return videos


def k600(folder: Path) -> dict[str, bytes]:
    """Tars that a list of URLs names."""
    downloads, name = layout.downloads("k600"), f"{ID}0_000001_000011.mp4"
    write_tar(downloads / "k600_test_path" / "part_0.tar.gz", {name: clip(folder, name)})
    (downloads / "k600_test_path.txt").write_text("https://s3.amazonaws.com/kinetics/600/test/part_0.tar.gz")
    (downloads / "val.txt").write_text("label,youtube_id,time_start,time_end,split\n")
    return {f"test/{name}": clip(folder, name)}


RELEASES = {"hmdb51": hmdb51, "ucf101": ucf101, "ssv2": ssv2, "k400": k400, "k600": k600}


def download(dataset: str, folder: Path) -> dict[str, bytes]:
    """Write the downloads of a dataset below the working directory; returns path below videos/ -> content."""
    videos = RELEASES[dataset](folder)
    for file in split_files(dataset, "published"):
        path = layout.downloads(dataset) / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.name}\n")
    layout.received(dataset).write_text("file,bytes,sha256,url\n")
    return videos
