"""The whole model: a CLIP that compares videos with class names."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models import text
from tcclip.models.config import POSITIONS, BackboneConfig
from tcclip.models.prompting import VideoPrompting
from tcclip.models.tokens import end_positions, shared_prefix
from tcclip.models.transformer import LayerNorm, Transformer
from tcclip.models.vision import FrameExchange, VisionOutput, VisionTower


class TokenTable(nn.Module):
    """CLIP's token embeddings, fixed: a buffer, so that no optimizer sees them."""

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)


class AttentionBias(nn.Module):
    """Attention bias of one layer: per head one number for the frame's own keys and one for context keys."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.local_global_bias = nn.Parameter(torch.empty(heads, 2))


class ClipVideo(nn.Module):
    """Video (B, T, 3, H, W), normalised -> logits (B, C). The state dict's names are the canonical ones.

    Parameters below `vp.` are new and learn faster, those below `tc.` are new and do not; all others are CLIP's.
    """

    tokens: Tensor  # (C, L)

    def __init__(
        self,
        config: BackboneConfig,
        tokens: Tensor,
        token_table: Tensor,
        exchange: FrameExchange,
        bias: bool,
        prompts: int,
        joint_frames: int | None,
        fixed_draws: Tensor | None = None,
    ) -> None:
        """tokens (C, L): the classes' texts, L the longest; prompts: VP's number of vectors or 0.

        bias: the layers that read reference tokens have an attention bias; the rest is VisionTower's.
        """
        super().__init__()
        self.visual = VisionTower(config, exchange, joint_frames, fixed_draws)
        self.transformer = Transformer(config.text_width, config.text_heads, config.text_layers)
        self.token_embedding = TokenTable(token_table)
        self.positional_embedding = nn.Parameter(torch.empty(POSITIONS, config.text_width))
        self.ln_final = LayerNorm(config.text_width)
        self.text_projection = nn.Parameter(torch.empty(config.text_width, config.embed_dim))
        self.logit_scale = nn.Parameter(torch.empty(()))
        biased = sorted(exchange.infuse) if bias else ()
        self.tc = nn.ModuleDict({str(i): AttentionBias(config.vision_heads) for i in biased})
        self.vp = VideoPrompting(prompts, config.text_width, config.text_heads) if prompts else None
        self.register_buffer("tokens", tokens, persistent=False)
        self.prefix = _prefix(tokens, prompts)

    def forward(self, video: Tensor, classes: text.ClassReaders | None = None, draws: Tensor | None = None) -> Tensor:
        """Logits (B, C): exp(logit_scale) times the cosines.

        `classes` is `encode_classes()` of the same weights, for callers that use it for more than one batch. `draws`
        is `visual.draw()` in training, where some methods are random; None gives the fixed draws of evaluation.
        """
        seen = self.encode_video(video, draws)
        words = self.encode_text(seen, self.encode_classes() if classes is None else classes)
        videos = F.normalize(seen.frames.mean(dim=1), dim=-1)  # (B, E)
        words = F.normalize(words, dim=-1)
        cosines = videos @ words.T if words.dim() == 2 else torch.einsum("be,bce->bc", videos, words)
        return self.logit_scale.exp() * cosines

    def encode_video(self, video: Tensor, draws: Tensor | None = None) -> VisionOutput:
        """Features of frames (B, T, E) and, if VP reads them, of context tokens (B, k, E)."""
        seen: VisionOutput = self.visual(video, self.biases(), want_context=self.vp is not None, draws=draws)
        return seen

    def biases(self) -> list[Tensor | None]:
        """The attention bias (heads, 2) of every vision layer, None where there is none."""
        layers = {int(number): cast(AttentionBias, bias).local_global_bias for number, bias in self.tc.items()}
        return [layers.get(number) for number in range(len(self.visual.transformer.resblocks))]

    def encode_classes(self) -> text.ClassReaders:
        """The part of the text tower that depends on the weights alone."""
        return self._encode(self.tokens, self.prefix)

    def encode_tokens(self, tokens: Tensor) -> text.ClassReaders:
        """As `encode_classes`, for other texts: ids (C, L), padded with 0."""
        prompts = 0 if self.vp is None else len(self.vp.prompt_vectors)
        return self._encode(tokens[:, : int(end_positions(tokens).max()) + 1], _prefix(tokens, prompts))

    def _encode(self, tokens: Tensor, prefix: int) -> text.ClassReaders:
        prompts = self.vp.prompt_vectors if self.vp is not None else None
        state = text.embed(tokens, self.token_embedding.weight, self.positional_embedding, prefix, prompts)
        return text.class_readers(
            self.transformer.blocks, state, end_positions(tokens), 0 if prompts is None else len(prompts)
        )

    def encode_text(self, seen: VisionOutput, classes: text.ClassReaders) -> Tensor:
        """Text features, not normalised: (C, E), or (B, C, E) where prompts are conditioned on the video."""
        prompts = None
        if self.vp is not None:
            prompts = self.vp(classes.prompts, seen.context)
        states: Tensor = self.ln_final(text.read(self.transformer.blocks[-1], classes, prompts))
        return states @ self.text_projection


def _prefix(tokens: Tensor, prompts: int) -> int:
    """Leading tokens whose states all texts share: start and prompt vectors, or what their ids have in common."""
    return 1 + prompts if prompts else shared_prefix(tokens)
