"""Jobs on places: how long they take, and how long they must take at least."""

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcclip.estimate.schedule import Job, any_order_hours, in_turns, longest_chain, wall_hours

patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on busy machines


def test_jobs_that_need_nothing_share_the_places():
    jobs = [Job(name, hours) for name, hours in [("a", 3), ("b", 2), ("c", 2), ("d", 1)]]
    assert [in_turns(jobs, places) for places in (1, 2, 3, 4, 9)] == [8, 4, 3, 3, 3]


def test_a_job_waits_for_what_it_needs_and_for_its_data():
    train, test = Job("train", 2, ready=1), Job("test", 3, needs=("train",), ready=4)
    assert in_turns([test, train], 2) == 7  # trained from 1 to 3, but tested from 4 on
    assert longest_chain([test, train]).hours == 7


def test_the_job_with_the_longest_way_behind_it_is_first():
    """a (1) is before b (4): with c (3) first, two places would need 1 + 3 + 4 - 3 hours more."""
    assert in_turns([Job("a", 1), Job("b", 4, ("a",)), Job("c", 3), Job("d", 2)], 2) == 5


def test_the_longest_chain_names_its_jobs_in_their_order():
    jobs = [Job("label", 1), Job("train", 5, ("label",)), Job("test", 2, ("train",)), Job("other", 7)]
    assert longest_chain(jobs).jobs == ("label", "train", "test")
    assert longest_chain([Job("label", 1), Job("train", 5, ("label",), ready=3)]).jobs == ("train",)
    assert longest_chain([]).hours == 0


def test_a_place_is_left_idle_where_one_more_makes_it_longer():
    """Each place more takes cores from the others: jobs that take 1 hour on one place take 3 each on two."""

    def jobs_on(places):
        return [Job(name, 1 if places == 1 else 3) for name in "ab"]

    assert in_turns(jobs_on(2), 2) == 3
    assert wall_hours(jobs_on, 2) == 2


@st.composite
def job_lists(draw, most=12):
    """Jobs that need earlier ones, some not ready at once."""
    count = draw(st.integers(1, most))
    hours = st.integers(1, 9)
    return [
        Job(
            f"j{i}",
            draw(hours),
            tuple(sorted({f"j{draw(st.integers(0, i - 1))}" for _ in range(draw(st.integers(0, min(i, 2))))})),
            draw(st.sampled_from([0, 0, 0, 5])),
        )
        for i in range(count)
    ]


@patient
@given(job_lists(), st.integers(1, 6))
def test_no_schedule_is_shorter_than_its_bounds_or_longer_than_any_order_s(jobs, places):
    found = in_turns(jobs, places)
    assert found >= sum(job.hours for job in jobs) / places - 1e-9
    assert found >= longest_chain(jobs).hours - 1e-9
    assert found <= any_order_hours(jobs, places) + 1e-9


@patient
@given(job_lists())
def test_more_places_never_take_longer(jobs):
    times = [wall_hours(lambda _: jobs, places) for places in range(1, 8)]
    assert times == sorted(times, reverse=True)
    assert times[0] >= sum(job.hours for job in jobs)


def shortest(jobs, places):
    """The oracle: of all ways to start or not to start, the shortest, hour by hour."""
    names = [job.name for job in jobs]

    @cache
    def after(now, done, running):  # running: (name, hours that are left)
        if len(done) == len(jobs):
            return now
        ended = frozenset(name for name, left in running if left == 0)
        done, running = done | ended, frozenset(pair for pair in running if pair[1])
        if len(done) == len(jobs):
            return now
        busy = {name for name, _ in running}
        may = [
            job
            for job in jobs
            if job.name in names and job.name not in done | busy and job.ready <= now and done >= set(job.needs)
        ]
        found = []
        for chosen in range(2 ** len(may)):
            started = [job for place, job in enumerate(may) if chosen >> place & 1]
            if len(started) + len(running) <= places and (started or running or any(j.ready > now for j in jobs)):
                now_running = running | {(job.name, job.hours) for job in started}
                found.append(after(now + 1, done, frozenset((name, left - 1) for name, left in now_running)))
        return min(found, default=10**6)

    return after(0, frozenset(), frozenset())


@patient
@given(job_lists(most=4), st.integers(1, 2))
def test_on_tiny_cases_it_is_between_the_best_schedule_and_graham_s_bound_of_it(jobs, places):
    jobs = [Job(job.name, min(job.hours, 3), job.needs, min(job.ready, 2)) for job in jobs]
    best, found = shortest(tuple(jobs), places), in_turns(jobs, places)
    assert best <= found
    if not any(job.ready for job in jobs):
        assert found <= (2 - 1 / places) * best


@pytest.mark.parametrize("places", [1, 2, 3])
def test_equal_jobs_take_as_many_rounds_as_are_needed(places):
    assert in_turns([Job(str(i), 2) for i in range(5)], places) == 2 * -(-5 // places)
