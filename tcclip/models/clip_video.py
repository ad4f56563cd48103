"""The whole model: a CLIP that compares videos with class names."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tcclip.models import text
from tcclip.models.config import POSITIONS
from tcclip.models.prompting import Prompting, TextRecipe
from tcclip.models.tokens import end_positions, shared_prefix
from tcclip.models.transformer import LayerNorm, Transformer
from tcclip.models.vision import FrameExchange, VisionOutput, VisionTower
from tcclip.params.architecture import BackboneConfig


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
    places: Tensor  # text.Layout of `tokens`

    def __init__(
        self,
        config: BackboneConfig,
        tokens: Tensor,
        token_table: Tensor,
        exchange: FrameExchange,
        bias: bool,
        text_recipe: TextRecipe,
        joint_frames: int | None,
        fixed_draws: Tensor | None = None,
    ) -> None:
        """tokens (C, L): the classes' texts, L the longest.

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
        self.text_recipe = text_recipe
        learns = text_recipe.prompts or text_recipe.looks_at
        self.vp = Prompting(text_recipe, config.text_width, config.text_heads) if learns else None
        self.register_buffer("tokens", tokens, persistent=False)
        self.prefix = _prefix(tokens, text_recipe.prompts)
        self.register_buffer("places", text.layout(tokens, self.prefix).places, persistent=False)

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
        """Features of frames (B, T, E) and, if the text looks at them, of context tokens (B, k, E)."""
        want_context = self.text_recipe.looks_at == "context"
        seen: VisionOutput = self.visual(video, self.biases(), want_context=want_context, draws=draws)
        return seen

    def biases(self) -> list[Tensor | None]:
        """The attention bias (heads, 2) of every vision layer, None where there is none."""
        layers = {int(number): cast(AttentionBias, bias).local_global_bias for number, bias in self.tc.items()}
        return [layers.get(number) for number in range(len(self.visual.transformer.resblocks))]

    def encode_classes(self) -> text.ClassReaders:
        """The part of the text tower that depends on the weights alone."""
        classes, length = self.tokens.shape
        return self._encode(self.tokens, self.prefix, text.Layout(self.places, classes, length - self.prefix))

    def encode_tokens(self, tokens: Tensor) -> text.ClassReaders:
        """As `encode_classes`, for other texts: ids (C, L), padded with 0."""
        prefix = _prefix(tokens, self.text_recipe.prompts)
        tokens = tokens[:, : int(end_positions(tokens).max()) + 1]
        return self._encode(tokens, prefix, text.layout(tokens, prefix))

    def _encode(self, tokens: Tensor, prefix: int, places: text.Layout) -> text.ClassReaders:
        recipe = self.text_recipe
        prompts = self.vp.prompt_vectors if self.vp is not None and recipe.prompts else None
        state = text.embed(tokens, self.token_embedding.weight, self.positional_embedding, prefix, prompts, places)
        replaced = recipe.prompts if recipe.looks_at and not recipe.late else 0
        return text.class_readers(self.transformer.blocks, state, end_positions(tokens), replaced, places)

    def encode_text(self, seen: VisionOutput, classes: text.ClassReaders) -> Tensor:
        """Text features, not normalised: (C, E), or (B, C, E) where the text looks at the video."""
        # no gradient goes from the text into the vision tower (Eq. 12); the context tokens carry none
        looked_at = seen.frames.detach() if self.text_recipe.looks_at == "frames" else seen.context
        prompts = None if self.vp is None or classes.prompts is None else self.vp(classes.prompts, looked_at)
        states: Tensor = self.ln_final(text.read(self.transformer.blocks[-1], classes, prompts))
        features = states @ self.text_projection
        if self.vp is not None and self.text_recipe.late:
            features = self.vp(features, looked_at)
        return features


def _prefix(tokens: Tensor, prompts: int) -> int:
    """Leading tokens whose states all texts share: start and prompt vectors, or what their ids have in common."""
    return 1 + prompts if prompts else shared_prefix(tokens)
