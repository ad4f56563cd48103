"""MIL-NCE: each video of a micro-batch against the bags of texts of all its videos (methods.md 3.8).

Every video has a bag of as many texts (`training.bags`), drawn anew each time that it is seen. With
S = s cos(v_i, t_jm) over all texts of the micro-batch, the probability of bag j is that of its texts together, and
every pair of videos of one class counts as much as any other. A text that occurs more than once is encoded once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models.canonical import POSITIONS
from tcclip.models.tokens import joined, known_tokens, padded
from tcclip.params.kinds.objective.mil_nce import Settings
from tcclip.process.rng import generator
from tcclip.training.bags import drawn, union
from tcclip.training.batches import Batch
from tcclip.training.losses import bag_scores, mil_nce
from tcclip.training.objective.objective import Learner, Moment, Objective

Text = tuple[int, str | None]  # a class, and a word behind its text or none


def make(settings: Settings, learner: Learner) -> Objective:
    """The objective over the bags of the learner's videos.

    Raises UserError where a class or a video has no words given, or a word is too long for a text.
    """
    written = learner.written
    for kind, wanted in zip(settings.outside, (written.names, written.videos), strict=True):
        check_there(kind, wanted, written.outside.get(kind, {}))
    sentences = known_tokens(dict.fromkeys(settings.texts_beside(written.outside)), written.tokens)
    prompts = known_tokens(dict.fromkeys(written.prompts), written.tokens)
    classes = [prompts[text] for text in written.prompts]
    longest = max(sentences, key=lambda text: len(sentences[text]), default=None)
    if longest is not None and (most := len(joined([max(classes, key=len), sentences[longest]]))) > POSITIONS:
        raise UserError(
            f"the sentence '{longest}' behind the longest text of a class makes {most} tokens, and CLIP reads "
            f"{POSITIONS}: shorten the words (docs/texts.md)"
        )
    return MilNce(settings, learner, classes, sentences)


def check_there(kind: str, wanted: Iterable[str], given: Collection[str]) -> None:
    """Refuse to begin where words of a class or a video are missing."""
    missing = [name for name in wanted if name not in given]
    if missing:
        more = f", and {len(missing) - 1} more have none" if len(missing) > 1 else ""
        raise UserError(
            f"{missing[0]} has no {kind}{more}: objective mil_nce needs those of every class and every training video; "
            "a video's may be an empty file (docs/texts.md)"
        )


@dataclass(frozen=True)
class MilNce:
    """Bags are compared within a micro-batch; a step shares nothing."""

    gathers: ClassVar[bool] = False
    settings: Settings
    learner: Learner
    classes: Sequence[Sequence[int]]  # token ids of the classes' texts
    sentences: Mapping[str, Sequence[int]]  # a word in its sentence -> token ids

    def begin(self, at: Moment) -> None:
        """Texts are of the videos of a micro-batch."""

    def bags(self, videos: Sequence[str], at: Moment) -> list[Text]:
        """The texts (B*M,) of the videos of a micro-batch; a bag depends on the seed, the epoch and its video alone."""
        written = self.learner.written
        of_classes, of_videos = (written.outside[kind] for kind in self.settings.outside)
        found: list[Text] = []
        for video in videos:
            label = written.videos[video]
            name = written.names[label]
            words = union(name, of_classes[name], of_videos[video])
            bag = drawn(words, self.settings.bag, generator(at.seed, "bag", at.epoch, video))
            found += [(label, word) for word in bag]
        return found

    def features(self, texts: Sequence[Text]) -> Tensor:
        """Their features (B*M, E), not normalised; each different text goes through the text tower once."""
        places = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        model = self.learner.model
        with self.learner.cast():
            made = model.finished(model.encode_tokens(padded([self.tokens(*text) for text in places])))
        assert isinstance(made, Tensor)  # mil_nce goes with no look
        rows = torch.tensor([places[text] for text in texts])
        return made.index_select(0, rows.to(self.learner.device, non_blocking=True))

    def tokens(self, label: int, word: str | None) -> list[int]:
        """The token ids of a text."""
        sentence = [] if word is None else [self.sentences[self.settings.sentence(word)]]
        return joined([self.classes[label], *sentence])

    def loss(self, shared: None, batch: Batch, at: Moment) -> tuple[Tensor, Tensor]:
        """The loss of a micro-batch, and how many of its videos have a bag of their class for the likeliest one."""
        model, draws = self.learner.model, self.learner.draws(len(batch.labels), at)
        texts = self.features(self.bags(batch.videos, at))  # (B*M, E)
        with self.learner.cast():
            videos = model.pooled(model.encode_video(batch.clips, draws))  # (B, E)
        scores = bag_scores(model.composition.score(videos, texts, model.logit_scale.exp()))  # (B, B)
        best = batch.labels[scores.argmax(dim=1)]
        return mil_nce(scores, batch.labels), (best == batch.labels).sum()

    def end(self, shared: None) -> None:
        """Gradients are where they belong."""
