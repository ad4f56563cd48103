"""Learned prompt tokens in every layer: a summary of each frame, one for each frame of the video, and global ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from tcclip.params.kinds.axis import Kind

if TYPE_CHECKING:
    from tcclip.params.method import Method


class Settings(Kind):
    """Vita-CLIP's prompts (methods.md 3.5; systems/vita_clip.md 3)."""

    SECTION: ClassVar[str] = "vision"
    kind: Literal["prompts"] = "prompts"
    summary: bool = True  # a frame sees its summary token: what its [CLS] and those of the other frames say
    local: bool = True  # a frame sees T learned tokens, one for each frame of the video, moved by the frames' [CLS]
    n_global: Annotated[int, Field(ge=0)] = 8  # learned tokens that all frames of all videos see; 0: none
    bias: bool = Field(False, exclude=True)  # refused: prompts are tokens like a frame's own
    train_cls_proj: bool = False  # what projects [CLS] for them is trained; else it stays as it is drawn

    def check(self, method: Method) -> None:
        """No key and no section may be idle."""
        if self.bias:
            raise ValueError(
                "vision.bias true does not go with vision.kind 'prompts': prompts are tokens like a frame's own"
            )
        if method.tc is not None:
            raise ValueError("section tc has no effect with vision.kind 'prompts': set it to 'context'")
        if not (self.summary or self.local or self.n_global):
            raise ValueError(
                "vision.summary false, vision.local false and vision.n_global 0 leave nothing of vision.kind "
                "'prompts': set it to 'none'"
            )
        if self.train_cls_proj and not (self.summary or self.local):
            raise ValueError("vision.train_cls_proj true has no effect without vision.summary or vision.local")
