"""Jobs dealt out to places, a place doing one at a time: how long all of them take, and must take at least."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Job:
    """Something that a place does without a break."""

    name: str
    hours: float
    needs: tuple[str, ...] = ()  # jobs that must have ended
    ready: float = 0.0  # hours from the beginning, before which it cannot start


@dataclass(frozen=True)
class Chain:
    """Jobs that must follow each other."""

    hours: float  # with the wait for the first
    jobs: tuple[str, ...] = ()


def longest_chain(jobs: Collection[Job]) -> Chain:
    """What no number of places shortens: from the beginning to the end of the last of jobs that need each other."""
    by_name = {job.name: job for job in jobs}

    @cache
    def end(name: str) -> float:
        job = by_name[name]
        return max(job.ready, *map(end, job.needs), 0.0) + job.hours

    names: list[str] = []
    last = max(by_name, key=end, default=None)
    hours = end(last) if last else 0.0
    while last is not None:
        names.insert(0, last)
        job = by_name[last]
        last = max((name for name in job.needs if end(name) > job.ready), key=end, default=None)
    return Chain(hours, tuple(names))


def in_turns(jobs: Collection[Job], places: int) -> float:
    """Hours until all have ended: a free place takes, of jobs that may start, that with the longest way behind it.

    Of jobs that need each other in a circle none starts.
    """
    by_name = {job.name: job for job in jobs}
    followers: dict[str, list[str]] = {name: [] for name in by_name}
    for job in jobs:
        for name in job.needs:
            followers[name].append(job.name)

    @cache
    def rest(name: str) -> float:
        return by_name[name].hours + max(map(rest, followers[name]), default=0.0)

    missing = {job.name: len(job.needs) for job in jobs}
    later = [(job.ready, job.name) for job in jobs if not job.needs]  # when they may start
    heapq.heapify(later)
    waiting: list[tuple[float, str]] = []  # may start now: the longest rest first
    running: list[tuple[float, str]] = []  # when they end
    now = 0.0
    while later or running:
        now = min(queue[0][0] for queue in (later, running) if queue)
        while running and running[0][0] <= now:
            for follower in followers[heapq.heappop(running)[1]]:
                missing[follower] -= 1
                if not missing[follower]:
                    heapq.heappush(later, (max(now, by_name[follower].ready), follower))
        while later and later[0][0] <= now:
            name = heapq.heappop(later)[1]
            heapq.heappush(waiting, (-rest(name), name))
        while waiting and len(running) < places:
            name = heapq.heappop(waiting)[1]
            heapq.heappush(running, (now + by_name[name].hours, name))
    return now


def wall_hours(jobs_on: Callable[[int], Collection[Job]], places: int) -> float:
    """The shortest time on at most so many places; `jobs_on` gives the jobs as long as they are on a number of them.

    One place more can make a list of jobs take longer (Graham 1969), or starve the others of processor cores: then it
    is left idle. With fewer places no job may take longer, nor the jobs' sum over the places fall.
    """
    best, least = in_turns(jobs_on(places), places), longest_chain(jobs_on(1)).hours
    for fewer in range(places - 1, 0, -1):
        jobs = jobs_on(fewer)
        if max(least, sum(job.hours for job in jobs) / fewer) >= best:
            break  # nor will fewer still be faster
        best = min(best, in_turns(jobs, fewer))
    return best


def any_order_hours(jobs: Collection[Job], places: int) -> float:
    """What no order exceeds in which a free place takes whatever may start (Graham 1969), once all may."""
    wait = max((job.ready for job in jobs), default=0.0)
    at_once = [Job(job.name, job.hours, job.needs) for job in jobs]
    return wait + sum(job.hours for job in jobs) / places + (1 - 1 / places) * longest_chain(at_once).hours
