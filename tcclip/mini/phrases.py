"""What can be said of the mini suite's classes: their motions and relations in plain words, as somebody knows actions.

Most words are those of the captions that the small CLIP is pre-trained on (stills.py); it knows no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from tcclip.mini.classes import HABITS, looks, split_camel_case


@dataclass(frozen=True)
class Action:
    """How a motion, or a relation, is described."""

    verbs: tuple[str, ...]  # "base -ing form"
    steps: tuple[str, str, str, str]  # in their order; {thing} is what is seen
    meaning: str  # the end of a sentence about {thing}
    phrases: tuple[str, ...] = ()  # other words for it


MOTIONS = {
    "bounce": Action(
        ("bounce bouncing", "hop hopping", "jump jumping"),
        ("The {thing} is down", "Moving up", "Moving down", "Bounce up or down"),
        "bounces up and down and moves to a side",
        ("moving up or down", "hit the ground"),
    ),
    "roll": Action(
        ("roll rolling", "turn turning", "move moving"),
        ("The {thing} is on a side", "Roll and turn", "Moving on the ground", "It is on the other side"),
        "rolls on the ground from one side to the other",
        ("moving from left to right", "go round and round"),
    ),
    "spin": Action(
        ("spin spinning", "turn turning", "rotate rotating"),
        ("The {thing} is staying", "Spin", "Turn upside down", "Spin again"),
        "spins and turns, staying in its place",
        ("staying in its place", "go round and round"),
    ),
    "drop": Action(
        ("drop dropping", "fall falling", "land landing"),
        ("The {thing} is up", "Drop", "Moving down", "It is staying down"),
        "drops from up to down and is staying there",
        ("moving down", "hit the ground"),
    ),
    "swing": Action(
        ("swing swinging", "hang hanging", "sway swaying"),
        ("The {thing} is on the left", "Swing down", "Swing up to the right", "Swing away from there"),
        "swings from left to right and from right to left",
        ("moving from left to right", "moving from right to left"),
    ),
    "shake": Action(
        ("shake shaking", "tremble trembling", "rattle rattling"),
        ("The {thing} is staying", "Shake", "Moving left or right", "Moving up or down"),
        "shakes and trembles in its place",
        ("staying in its place", "moving up or down"),
    ),
    "grow": Action(
        ("grow growing", "swell swelling", "expand expanding"),
        ("The {thing} is small", "Grow", "Moving closer", "The {thing} is large"),
        "grows from small to large",
        ("moving closer", "become larger"),
    ),
    "slide": Action(
        ("slide sliding", "glide gliding", "move moving"),
        ("The {thing} is on a side", "Slide", "Moving in a line", "It is on the other side"),
        "slides from one side to the other",
        ("moving from left to right", "move in a line"),
    ),
}
STILL = Action(  # a class that does not say how it moves
    ("move moving", "turn turning"),
    ("The {thing} is there", "Moving something", "The {thing} is staying the same", "The {thing} is there again"),
    "moves in some way",
)
RELATIONS = {
    "Showing something staying still": Action(
        ("show showing", "stay staying", "rest resting"),
        ("Something is there", "It is staying", "It is staying still", "Something is in the same place"),
        "something is staying still in its place",
        ("staying still", "stay in the same place"),
    ),
    "Moving something from left to right": Action(
        ("move moving", "push pushing", "slide sliding"),
        ("Something is on the left", "Moving away from the left", "Moving to the right", "Something is on the right"),
        "something is on the left, and then on the right",
        ("from left to right", "away from the left"),
    ),
    "Moving something from right to left": Action(
        ("move moving", "push pushing", "slide sliding"),
        ("Something is on the right", "Moving away from the right", "Moving to the left", "Something is on the left"),
        "something is on the right, and then on the left",
        ("from right to left", "away from the right"),
    ),
    "Moving something up or down": Action(
        ("move moving", "lift lifting", "lower lowering"),
        ("Something is up or down", "Moving up", "Moving down", "Something is down or up"),
        "something is up and then down, or down and then up",
        ("moving up", "moving down"),
    ),
    "Something changing its colour": Action(
        ("change changing", "paint painting", "turn turning"),
        ("Something is red or blue", "It is staying still", "Changing its colour", "Something is green or yellow"),
        "something is red or blue, and then changing its colour to green or yellow",
        ("changing its colour", "another colour"),
    ),
    "Moving something and something closer to each other": Action(
        ("move moving", "meet meeting", "approach approaching"),
        ("Something and something are away from each other", "Moving closer", "Closer to each other", "They meet"),
        "something and something are away from each other, and then moving closer",
        ("closer to each other", "come together"),
    ),
    "Moving something and something away from each other": Action(
        ("move moving", "part parting", "leave leaving"),
        ("Something and something meet", "Moving away", "Away from each other", "They are apart"),
        "something and something are close, and then moving away from each other",
        ("away from each other", "go apart"),
    ),
    "Showing something and something staying apart": Action(
        ("show showing", "stay staying", "rest resting"),
        (
            "Something and something are there",
            "They are staying",
            "They are staying apart",
            "They are in the same places",
        ),
        "something and something are staying apart in their places",
        ("staying apart", "stay in the same places"),
    ),
}


def action_of(name: str) -> Action:
    """How the action of a class is described."""
    if name in RELATIONS:
        return RELATIONS[name]
    motion = looks(name).motion
    return MOTIONS[motion] if motion else STILL


def thing_of(name: str) -> str:
    """What is seen in a class, for example 'red ball'."""
    fixed = looks(name)
    return " ".join(word for word in (fixed.colour, fixed.shape) if word) or "something"


def place_of(name: str) -> str | None:
    """Where a class is seen: as its name says, or where it usually is."""
    return looks(name).background or HABITS.get(name, (None, None))[0]


def usual_thing(name: str) -> str:
    """What is seen in a class, in its usual colour."""
    colour = HABITS.get(name, (None, None))[1]
    return f"{colour} {thing_of(name)}" if colour else thing_of(name)


def words_of(name: str) -> str:
    """A class name in words, with a capital letter at the front."""
    words = split_camel_case(name)
    return words[0].upper() + words[1:]


def with_article(thing: str) -> str:
    """'red ball' -> 'a red ball'."""
    return thing if thing.startswith("something") else f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"
