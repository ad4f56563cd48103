"""A column `group` keeps the cuts of one recording together when the test videos are drawn."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_own_lists import folder, own  # noqa: F401
from typed import type_them

from tcclip.data.splits.own_draw import drawn
from tcclip.data.splits.own_list import read_own
from tcclip.errors import UserError

PAIRS = st.tuples(st.sampled_from("abc"), st.sampled_from("uvwxyz"))  # class and group


def recordings(cuts: int = 5, days: int = 10) -> list[str]:
    """A recording a day with cuts of two classes."""
    rows = [
        f"{label}{day}-{cut}.mp4,{label},day{day}" for day in range(days) for cut in range(cuts) for label in ("a", "b")
    ]
    return ["path,label,group", *rows]


def test_a_recording_is_whole_on_one_side_and_a_share_of_every_class_is_tested(folder):  # noqa: F811
    _, rows = read_own(own(folder, recordings()))
    days = {split: {video[1:].split("-")[0] for video, _ in rows[split]} for split in rows}
    assert not days["train1"] & days["test1"] and len(days["test1"]) == 3  # 30 % of 10
    assert [label for _, label in rows["test1"]].count(0) == 15 and len(rows["train1"]) == 70


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_lines(folder):  # noqa: F811
    first = set(read_own(own(folder, recordings()))[1]["test1"])
    assert first == set(read_own(own(folder, ["path,label,group", *reversed(recordings()[1:])]))[1]["test1"])
    assert first != set(read_own(own(folder, recordings(), split_seed=2))[1]["test1"])


def test_a_video_without_a_group_is_one_of_its_own(folder):  # noqa: F811
    text = ["path,label,group", "1.mp4,a,x", "2.mp4,a,x", "3.mp4,a,", "4.mp4,a,"]
    rows = read_own(own(folder, text))[1]
    assert [video for video, _ in rows["test1"]] in (["3"], ["4"])


def test_a_class_of_one_recording_is_one_sentence(folder):  # noqa: F811
    text = [*recordings(days=3), "c1.mp4,c,day1", "c2.mp4,c,day1"]
    with pytest.raises(UserError, match=r"list\.csv: all videos of class 'c' are in group day1, and one"):
        read_own(own(folder, text))


def test_a_recording_on_both_sides_of_a_given_split_is_one_sentence(folder):  # noqa: F811
    text = [line + (",split" if n == 0 else ",test" if n % 4 == 0 else ",train") for n, line in enumerate(recordings())]
    dataset = own(folder, text)
    with pytest.raises(UserError, match=r"line 5: group 'day0' is in test and, in line 2, in train") as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    assert len(read_own(dataset)[1]["test1"]) == 30


@pytest.mark.parametrize("other", ["Day3", "day_3", "day 3"])
def test_a_recording_in_two_spellings_would_be_parted_and_is_one_sentence(folder, other):  # noqa: F811
    text = recordings()
    text[-1] = text[-1].replace("day9", other).replace("b9", "b3x")
    dataset = own(folder, text)
    with pytest.raises(
        UserError, match=rf"'day3' \(line 32\) and '{other}' \(line 101\) are one group in two"
    ) as error:
        read_own(dataset)
    type_them(str(error.value), folder)
    _, rows = read_own(dataset)
    assert len({split for split in rows for video, _ in rows[split] if video[1] == "3"}) == 1


def test_numbers_of_a_group_are_kept_apart(folder):  # noqa: F811
    rows = [
        f"{n}.mp4,{label},{group}" for n, (group, label) in enumerate((g, c) for g in ("1_12", "11_2") for c in "ab")
    ]
    assert len(read_own(own(folder, ["path,label,group", *rows]))[1]["test1"]) == 2


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("uvwxyz")), min_size=2, max_size=60), st.integers(0, 5)
)
def test_groups_are_never_parted_and_every_class_trains_and_tests(pairs, seed):
    members = [(str(number), name, group) for number, (name, group) in enumerate(pairs)]
    try:
        tested = drawn(members, 0.3, seed, "list.csv")
    except UserError:
        return  # some lists cannot be parted
    for group in {group for _, _, group in members}:
        assert len({video in tested for video, _, of in members if of == group}) == 1
    for name in {name for _, name, _ in members}:
        assert {video in tested for video, of, _ in members if of == name} == {True, False}


def test_tens_of_thousands_of_groups_are_drawn_at_once():
    members = [(f"v{number}", f"class {number // 4 % 400}", f"g{number // 4}") for number in range(30_000)]
    start = time.process_time()
    tested = drawn(members, 0.3, 1, "list.csv")
    assert time.process_time() - start < 1  # of all pairs of groups it would take three
    assert len(tested) == pytest.approx(9_000, abs=1_000)


@given(st.integers(2, 40), st.floats(0.01, 0.99))
def test_a_class_is_tested_with_its_share_at_least_with_one_video_and_never_with_all(videos, share):
    members = [(str(number), "a", "") for number in range(videos)]
    tested = drawn(members, share, 1, "list")
    assert 1 <= len(tested) <= videos - 1
    assert len(tested) in (1, videos - 1) or abs(len(tested) - share * videos) <= 0.5


def test_a_group_that_brings_its_class_no_nearer_to_its_share_is_trained_with():
    members = [(str(number), "a", str(number // 2)) for number in range(10)]
    assert len(drawn(members, 0.3, 1, "list")) == 2  # of three that are wanted; four are as far from it
