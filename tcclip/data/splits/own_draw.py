"""The seeded draw of the test videos of a list of one's own: a share of every class, and whole groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tcclip.errors import UserError

Member = tuple[str, str, str]  # video, class name, group ("" is a group of its own)


def drawn(members: Sequence[Member], share: float, seed: int, where: str) -> set[str]:
    """The videos to test with: about `share` of every class, which has two or more; at least one, and never all.

    Without groups a class's draw depends on the seed, its name and its set of videos, so that other classes may come
    and go. `where` is the list, for the error when groups cannot be parted.
    """
    of_class: dict[str, list[str]] = defaultdict(list)
    for video, name, _ in members:
        of_class[name].append(video)
    counts = {name: _count(len(videos), share) for name, videos in of_class.items()}
    if any(group for _, _, group in members):
        return _whole_groups(members, counts, seed, where)
    tested: set[str] = set()
    for name, videos in of_class.items():
        rng = np.random.default_rng([seed, *name.encode()])
        tested |= set(rng.choice(sorted(videos), size=counts[name], replace=False).tolist())
    return tested


def _count(videos: int, share: float) -> int:
    return min(videos - 1, max(1, round(share * videos)))


def _whole_groups(members: Sequence[Member], wanted: Mapping[str, int], seed: int, where: str) -> set[str]:
    """Groups are taken in a seeded order, each where it brings its classes nearer to their shares.

    A group may hold videos of several classes. The draw depends on the seed and the groups, not on the lines' order.
    """
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for video, name, group in sorted(members):
        groups[f"group {group}" if group else f"video {video}"].append((video, name))
    sizes = {group: Counter(name for _, name in inside) for group, inside in groups.items()}
    _check_each_has_two(sizes, wanted, where)
    order = np.random.default_rng([seed, *b"groups"]).permutation(sorted(groups)).tolist()
    total: Counter[str] = Counter(name for _, name, _ in members)
    taken: Counter[str] = Counter()
    tested: dict[str, None] = {}  # groups
    for needed in (True, False):  # first what gives every class a test video, then what comes nearer to the shares
        for group in order:
            size = sizes[group]
            if group in tested or any(taken[name] + size[name] >= total[name] for name in size):
                continue
            gain = sum(abs(wanted[n] - taken[n]) - abs(wanted[n] - taken[n] - size[n]) for n in size)
            if any(not taken[name] for name in size) if needed else gain > 0:
                taken.update(size)
                tested[group] = None
    if absent := [name for name in wanted if not taken[name]]:
        raise UserError(
            f"{where}: no group can be taken for the test of class '{absent[0]}' that leaves something of all of its "
            "classes to train: add videos of another group, or a column split"
        )
    return {video for group in tested for video, _ in groups[group]}


def _check_each_has_two(sizes: Mapping[str, Counter[str]], names: Iterable[str], where: str) -> None:
    """UserError where all videos of a class are in one group."""
    of_class: dict[str, list[str]] = defaultdict(list)
    for group, size in sizes.items():
        for name in size:
            of_class[name].append(group)
    for name in names:
        if len(own := of_class[name]) < 2:
            raise UserError(
                f"{where}: all videos of class '{name}' are in {own[0]}, and one group to train and one to "
                "test are needed: add videos of another group, or take the class out"
            )
