"""The whole model: a CLIP that compares videos with class names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain

import torch
from torch import Tensor, nn

from tcclip.models.canonical import POSITIONS
from tcclip.models.compiled import Compiled, as_region
from tcclip.models.composition import Composition
from tcclip.models.part import Part
from tcclip.models.precision import exact
from tcclip.models.text import tower
from tcclip.models.tokens import end_positions, shared_prefix
from tcclip.models.transformer import LayerNorm, Transformer
from tcclip.models.vision.exchange import bias_of
from tcclip.models.vision.tower import VisionOutput, VisionTower
from tcclip.params.architecture import BackboneConfig


class TokenTable(nn.Module):
    """CLIP's token embeddings; where they are not trained a buffer, so that no optimizer sees them."""

    weight: Tensor

    def __init__(self, weight: Tensor, trained: bool) -> None:
        super().__init__()
        if trained:
            self.register_parameter("weight", nn.Parameter(weight))
        else:
            self.register_buffer("weight", weight)


class ClipVideo(nn.Module):
    """Video (B, T, 3, H, W), normalised -> logits (B, C), float32 or better. State dict's names are canonical.

    `parts` are the weights that the method's kinds add, with their names; all others are CLIP's.
    """

    tokens: Tensor  # (n*C, L), n texts of each class: the first one of every class, then the second ones
    host_tokens: Tensor  # the same on the CPU, where it is worked out what of some rows has to be computed
    places: Tensor  # tower.TokenLayout.flat of `tokens`

    def __init__(
        self,
        config: BackboneConfig,
        tokens: Tensor,
        token_table: Tensor,
        composition: Composition,
        recompute: bool = False,
        trained_table: bool = False,
        added: Sequence[Part] = (),
    ) -> None:
        """tokens (n*C, L): rows of the texts, L the longest, on the CPU; recompute: see VisionTower.

        trained_table: of tokens; added: weights beside those of the composition, which a training needs.
        """
        super().__init__()
        self.composition = composition
        self.visual = VisionTower(config, composition.exchange, composition.positions, recompute)
        self.transformer = Transformer(config.text_width, config.text_heads, config.text_layers)
        self.token_embedding = TokenTable(token_table, trained_table)
        self.positional_embedding = nn.Parameter(torch.empty(POSITIONS, config.text_width))
        self.ln_final = LayerNorm(config.text_width)
        self.text_projection = nn.Parameter(torch.empty(config.text_width, config.embed_dim))
        self.logit_scale = nn.Parameter(torch.empty(()))
        self.parts = [(part, self._add(part)) for part in (*composition.parts(config), *added)]
        self.register_buffer("tokens", tokens, persistent=False)
        self.host_tokens = tokens
        self.shared_rows = _shared_rows(tokens, composition.text.shared)
        self.register_buffer("places", tower.layout_of(tokens, self.shared_rows).flat, persistent=False)

    def _add(self, part: Part) -> list[str]:
        """Put a part's weights at their prefix, beside those of a part that is there; their canonical names."""
        module = part.module()
        names = [f"{part.prefix}.{name}" if part.prefix else name for name, _ in module.named_parameters()]
        there = self._modules.get(part.prefix) if part.prefix else self
        if there is None:
            self.add_module(part.prefix, module)
            return names
        for name, parameter in module.named_parameters(recurse=False):
            there.register_parameter(name, parameter)
        for name, child in module.named_children():
            there.add_module(name, child)
        return names

    def _own(self, part: Part | None) -> nn.Module | None:
        """A part's weights."""
        if part is None:
            return None
        return self._modules[part.prefix] if part.prefix else self

    def compile_as(self, way: Compiled) -> None:
        """Compile from now on; `regions` are the layers of vision kinds that let frames see reference tokens."""
        if way == "regions":
            self.visual.region = as_region
        elif way != "off":
            self.compile(dynamic=False, mode="reduce-overhead" if way == "graphs" else None)

    @property
    def new_names(self) -> frozenset[str]:
        """The canonical names of the weights that learn at the rate of what is new."""
        return frozenset(name for part, names in self.parts if part.new_rate for name in names)

    @property
    def fixed_names(self) -> frozenset[str]:
        """The canonical names of added weights that no training changes."""
        return frozenset(name for part, names in self.parts for name in names if name.startswith(part.fixed))

    @property
    def classes(self) -> int:
        """C, of which each has as many texts as the others."""
        return len(self.tokens) // self.composition.text.of_class

    def texts_of(self, classes: Tensor, forms: Sequence[int] | None = None) -> Tensor:
        """The rows of `tokens` (n*k,) that are the texts of some classes (k,), in the order of `tokens`.

        forms: which n of the texts of each; None: all of them.
        """
        wanted = range(self.composition.text.of_class) if forms is None else forms
        return torch.cat([form * self.classes + classes for form in wanted])

    def forward(
        self,
        video: Tensor,
        classes: tower.ClassTexts | None = None,
        draws: Tensor | None = None,
        chosen: Tensor | None = None,
    ) -> Tensor:
        """Logits (B, C).

        `classes` is `encode_classes()` of the same weights, or what `finished` makes of it, for callers that use it for
        more than one batch. `draws` is `visual.draw()` in training, where some methods are random; None gives the fixed
        draws of evaluation. `chosen` (B,) says which of its texts every class has for a video in training; None: all,
        as in a test.
        """
        seen = self.encode_video(video, draws)
        return self.compare(seen, self.encode_classes() if classes is None else classes, chosen)

    def compare(self, seen: VisionOutput, classes: tower.ClassTexts, chosen: Tensor | None = None) -> Tensor:
        """Logits (B, C) of the videos whose features are given; `chosen`: see `forward`."""
        return self.scored(self.pooled(seen), self.encode_text(seen, classes), chosen)

    def pooled(self, seen: VisionOutput) -> Tensor:
        """The features of videos (B, E), not normalised, or of their frames (B, T, E) where the score reads these."""
        pool = self.composition.pool
        return pool.pool(seen.frames, self._own(pool.part))

    def scored(self, videos: Tensor, texts: Tensor, chosen: Tensor | None = None) -> Tensor:
        """What `pooled` gives and the texts of all classes, (n*C, E) or (B, n*C, E) -> logits (B, C).

        `chosen`: see `forward`. Texts that are one feature for each class are (C, E) or (B, C, E).
        """
        text, scale = self.composition.text, self.logit_scale.exp()
        if chosen is None and text.test_scale is not None:
            scale = torch.full_like(scale, text.test_scale)
        logits = self.composition.score(videos, texts, scale)  # (B, n*C)
        if text.joined is None:
            return logits
        logits = logits.view(len(logits), text.of_class, -1)  # (B, n, C)
        if chosen is None:
            return text.joined(logits)
        return logits[torch.arange(len(logits), device=logits.device), chosen]

    def encode_video(self, video: Tensor, draws: Tensor | None = None) -> VisionOutput:
        """Features of frames (B, T, E), and what the texts look at beside them.

        Where nothing of the vision side is trained they have no graph, and the layers keep nothing for one.
        """
        wanted = torch.is_grad_enabled() and (video.requires_grad or self._vision_is_trained())
        with torch.set_grad_enabled(wanted):
            looks_at = self.composition.look.looks_at
            seen: VisionOutput = self.visual(video, self.exchange_weights(), looks_at, draws)
        return seen

    def _vision_is_trained(self) -> bool:
        added = (self.get_parameter(name) for part, names in self.parts if part.axis == "vision" for name in names)
        return any(weight.requires_grad for weight in chain(self.visual.parameters(), added))

    def exchange_weights(self) -> nn.Module | None:
        """The weights of the exchange's own part."""
        return self._own(next((part for part, _ in self.parts if part.axis == "vision"), None))

    def biases(self) -> list[Tensor | None]:
        """The attention bias (heads, 2) of every vision layer, None where there is none."""
        return [bias_of(self.exchange_weights(), number) for number in range(len(self.visual.transformer.resblocks))]

    def encode_classes(self, among: Tensor | None = None, forms: int | None = None) -> tower.ClassReaders:
        """The part of the text tower that depends on the weights alone, of all texts or of some rows (k,) of tokens.

        forms: how many of the rows are texts of one class, where these are not all that it has.
        """
        if among is not None:
            device, tokens = self.tokens.device, self.host_tokens[among.cpu()]
            layout = tower.layout_of(tokens, self.shared_rows)
            there, ids, rows = (part.to(device, non_blocking=True) for part in (layout.flat, tokens, among))
            return self._encode(ids, self.shared_rows, layout._replace(flat=there), rows, forms)
        classes, length = self.tokens.shape
        layout = tower.TokenLayout(self.places, classes, length - self.shared_rows)
        return self._encode(self.tokens, self.shared_rows, layout)

    def encode_tokens(self, tokens: Tensor) -> tower.ClassReaders:
        """As `encode_classes`, for other texts: ids (C, L), padded with 0; from the CPU nothing waits for a GPU."""
        tokens = self.composition.text.lay(tokens)
        prefix = _shared_rows(tokens, self.composition.text.shared)
        tokens = tokens[:, : int(end_positions(tokens).max()) + 1]
        layout, device = tower.layout_of(tokens, prefix), self.tokens.device
        places, ids = (part.to(device, non_blocking=True) for part in (layout.flat, tokens))
        return self._encode(ids, prefix, layout._replace(flat=places))

    def _encode(
        self,
        tokens: Tensor,
        prefix: int,
        layout: tower.TokenLayout,
        classes: Tensor | None = None,
        forms: int | None = None,
    ) -> tower.ClassReaders:
        learned, look = self.composition.text, self.composition.look
        own, rows = self._own(learned.part), tower.rows_of(tokens, prefix, layout)
        if classes is not None:  # a text's number is that of its class
            rows = rows._replace(texts=classes[rows.texts])
        put = None if own is None or learned.put is None else partial(learned.put, own, rows)
        state = tower.embed(rows, self.token_embedding.weight, self.positional_embedding, prefix, put, layout)
        replaced = learned.prompts if look.prompts else 0
        count = learned.of_class if forms is None else forms
        return tower.class_readers(self.transformer.blocks, state, end_positions(tokens), replaced, layout, count)

    def finished(self, classes: tower.ClassReaders) -> tower.ClassTexts:
        """The features (C, E) where no video adds anything in the text tower, else `classes` as they are."""
        return classes if self.composition.look.prompts else self._features(classes, None)

    def encode_text(self, seen: VisionOutput, classes: tower.ClassTexts) -> Tensor:
        """Text features, not normalised: (C, E), or (B, C, E) where the text looks at the video."""
        look = self.composition.look
        own = self._own(look.part)
        # From prompts no gradient goes into the vision tower (Eq. 12), and context tokens carry none; patches do.
        looked_at = seen.patches if look.looks_at == "patches" else seen.context
        if look.looks_at == "frames":
            looked_at = seen.frames.detach()
        if isinstance(classes, Tensor):
            features = classes
        elif look.prompts and classes.prompts is not None and looked_at is not None:
            features = self._features(classes, look.prompts(own, classes.prompts, looked_at))
        else:
            features = self._features(classes, None)
        if look.features and looked_at is not None:
            features = look.features(own, features, looked_at)
        return features

    def _features(self, classes: tower.ClassReaders, prompts: Tensor | None) -> Tensor:
        features, together = self.each_text(classes, prompts), self.composition.text.together
        if together is None:
            return features
        return together(features.view(*features.shape[:-2], classes.forms, -1, features.shape[-1]))

    def each_text(self, classes: tower.ClassReaders, prompts: Tensor | None = None) -> Tensor:
        """Features of texts (n*C, E), or (B, n*C, E) with a video's prompts, each of a class's texts for itself.

        Float32 or better, as those of frames are (`VisionTower.project`).
        """
        states: Tensor = self.ln_final(tower.read(self.transformer.blocks[-1], classes, prompts))
        with exact(states):
            return states @ self.text_projection


def _shared_rows(tokens: Tensor, shared: int | None) -> int:
    """Leading rows whose states all texts share: as the kind of text says, or what their ids have in common."""
    return shared_prefix(tokens) if shared is None else shared
