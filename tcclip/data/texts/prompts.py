"""What to ask a language model for: names as FROSTER has them, systems/ost.md 5, systems/maxi.md 5."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tcclip.data.texts.descriptors import USUAL
from tcclip.data.texts.rephrased import MOST_WORDS
from tcclip.params.texts import TextKind

AT_A_TIME = 25  # classes or videos of one prompt, so that its answer is short enough for every model
ANSWERS = "answers"

TASKS: dict[TextKind, str] = {
    "rephrased": f"""Below are names of actions that are seen in videos. Write for each of them one text of the form
    Name: one sentence
Name is the action in plain words with a capital letter at the front, for example "Apply eye makeup" for
ApplyEyeMakeup. The sentence says what is seen when somebody does it. Name and sentence have at most {MOST_WORDS} words
together. Write no other colon and no full stop at the end.""",
    "descriptors": """Below are names of actions that are seen in videos. Write for each of them
* "spatial": exactly {count} things or scenes that are visible in a single picture and by which one knows the action:
  short noun phrases without article and without full stop, all different;
* "temporal": exactly {count} steps in which the action unfolds, in their order: short sentences of at most 20 words
  that begin with a capital letter, all different, without numbers in front.""",
    "class_words": """Below are names of actions that are seen in videos. Write for each of them 10 to 18 other words
for it: verbs, and phrases of up to seven words with a verb. Write every single verb in its base form and, as a word of
its own, in its -ing form. Do not repeat a word, do not write the name itself, and write no full stops.""",
    "video_words": """Below are names of videos. Look at 8 frames of each video, spread over its length, say in one
sentence for each frame what is done there, and keep the verbs. Write for each video the different verbs, at most 16
single words: each in its base form and, as a word of its own, in its -ing form. Where nothing is done, write an
empty list.""",
}
EXAMPLES: dict[TextKind, object] = {
    "rephrased": "Name: one sentence",
    "descriptors": {"spatial": ["...", "..."], "temporal": ["...", "..."]},
    "class_words": ["...", "...ing"],
    "video_words": ["...", "...ing"],
}


def prompts(dataset: str, kind: TextKind, names: Sequence[str], count: int = USUAL) -> list[str]:
    """Prompts that ask for the texts of some classes or videos, a few in each."""
    parts = [names[start : start + AT_A_TIME] for start in range(0, len(names), AT_A_TIME)]
    return [prompt(dataset, kind, part, count) for part in parts]


def prompt(dataset: str, kind: TextKind, names: Sequence[str], count: int = USUAL) -> str:
    """One prompt; its answer says what it is of, so that it may be kept in any file."""
    shown = json.dumps({"dataset": dataset, "kind": kind, ANSWERS: {names[0]: EXAMPLES[kind]}}, ensure_ascii=False)
    listed = "\n".join(names)
    what = "videos" if kind == "video_words" else "actions"
    return f"""{TASKS[kind].replace("{count}", str(count))}

Answer with nothing but one JSON object of this form, in which every name stands exactly as it is written below:
{shown}

The {what}, {len(names)} of them:
{listed}
"""
