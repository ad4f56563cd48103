"""What the settings of all scores have."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from tcclip.params.kinds.axis import Kind

if TYPE_CHECKING:
    from tcclip.params.method import Method

FRAMES = "frames"  # the pool that hands on every frame


class CosineScale(NamedTuple):
    """What a method makes of the factor of its cosine, exp(logit_scale), instead of taking CLIP's."""

    start: float  # in a training
    most: float  # after any step of a training
    untrained: float  # where nothing is trained, and at CLIP's end of a weight ensemble


class Score(Kind):
    """Settings of a score, and what it compares with the texts."""

    SECTION: ClassVar[str] = "score"
    OF_FRAMES: ClassVar[bool] = False  # it reads the features of all frames, and not those of a video

    @property
    def scale(self) -> CosineScale | None:
        """The factor of the cosine; None: it starts as CLIP's."""
        return None

    @property
    def of_batch(self) -> bool:
        """Whether a video's score depends on what is scored with it."""
        return False

    def check(self, method: Method) -> None:
        """The pool hands on what the score reads."""
        if (method.pool.kind == FRAMES) != self.OF_FRAMES:
            reads = f"all frames: set pool: {FRAMES}" if self.OF_FRAMES else "videos: set another pool or score"
            raise ValueError(
                f"score.kind '{self.kind}' does not go with pool.kind '{method.pool.kind}': it reads {reads}"
            )
