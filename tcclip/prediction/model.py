"""`tcclip.load`: a model in Python, for videos in files and class names in words."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcclip.data.clips.testing import ViewClips
from tcclip.data.splits.class_names import same_name
from tcclip.errors import UserError
from tcclip.evaluation.subject import clips_of
from tcclip.models.clip_video import ClipVideo
from tcclip.params.protocol import Views, parse_views
from tcclip.prediction import arguments
from tcclip.prediction.arguments import Videos
from tcclip.prediction.best_classes import said
from tcclip.prediction.classes import classes_for, remarks
from tcclip.prediction.computing import Clock, for_features, for_scores, on_this_machine, scan_processes, summed
from tcclip.prediction.exported import ANY
from tcclip.prediction.finding import Finder
from tcclip.prediction.long_lists import Compute, computed
from tcclip.prediction.named_source import source_of
from tcclip.prediction.result import Prediction
from tcclip.prediction.source import Classes, Set, Source
from tcclip.process.log import log
from tcclip.process.runtime import pick_precision

if TYPE_CHECKING:
    from tcclip.attention.opened_run import Clip, Opened
    from tcclip.attention.reading import SeenClip
    from tcclip.attention.tokens import ContextTokens
    from tcclip.models.text.tower import ClassTexts

Told = Callable[[int], None]


def load(
    run: str | os.PathLike[str],
    *,
    suite: str = "mini",
    we: bool = False,
    device: str = "auto",
    precision: str | None = "auto",
) -> Model:
    """A model for predictions.

    Args:
        run: a folder that `tcclip export` wrote; or, called in a checkout, a run's folder, its name, or an untrained
            method's.
        suite: whose run it is, where only its name is given.
        we: the weights' ensemble with CLIP (weight-space ensembling).
        device: cpu, cuda, or auto: a GPU, where the suite uses one and there is one that works.
        precision: of predictions and features: fp32, bf16, fp16; auto: what the card or the processor is fast in; None:
            that of the run's evaluation.

    Raises:
        UserError: there is no such run, device or precision, or the weights of the run or of CLIP are not there.
    """
    return Model(source_of(run, suite, we), device, precision)


class Model:
    """A model that is ready for videos. The network over a list of class names is kept for the next call."""

    def __init__(self, source: Source, device: str = "auto", precision: str | None = None) -> None:
        """Made by `load`."""
        self._source = source
        self._subject, self._device = on_this_machine(dataclasses.replace(source.subject, device=device), precision)
        self._kept: tuple[Classes, ClipVideo] | None = None
        self._texts: ClassTexts | None = None  # of the network that is kept, once it has looked at a video
        self._finder = Finder(source.reading, scan_processes(self._subject.machine))
        self.clock: Clock | None = None  # of the last call of predict, stream or features
        self.name = source.subject.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of its training, in label order; UserError where it has none."""
        return self._source.own().names

    @property
    def precision(self) -> str:
        """What predictions and features are computed in: fp32, bf16 or fp16."""
        return self._subject.machine.precision

    @property
    def frames(self) -> int:
        """T, frames of a view."""
        return self._subject.frames

    def predict(
        self,
        paths: Videos,
        classes: Sequence[str] | None = None,
        *,
        views: str | None = None,
        top: int | None = 5,
        dataset: str | None = None,
        split: str | None = None,
    ) -> list[Prediction]:
        """The best classes of every video, in the order in which they are named; a broken file has a `defect`.

        Args:
            paths: files, folders of videos, folders of pictures, lists of files, or with `dataset` ids of its videos.
            classes: names to choose from; None: those of `dataset`, or of the training.
            views: clips x crops, as "4x3"; None: as the run is evaluated.
            top: how many classes are told; None: all.
            dataset: of the suite, by the paper's name (hmdb51); its frames are read where an evaluation reads them.
            split: of the dataset: its class list, and all its videos where `paths` is empty.
        """
        return list(self.stream(paths, classes, views=views, top=top, dataset=dataset, split=split))

    def stream(
        self,
        paths: Videos,
        classes: Sequence[str] | None = None,
        *,
        views: str | None = None,
        top: int | None = 5,
        dataset: str | None = None,
        split: str | None = None,
        told: Callable[[int], Told] = lambda total: lambda done: None,
    ) -> Iterator[Prediction]:
        """As `predict`, one after the other as they become known; `told(videos)(done)` hears how far it is."""
        chosen, top = self._set(dataset, split), None if top is None else arguments.checked_count(top, "top")
        seen, combine = self._views(views), self._subject.method.views.combine
        with ExitStack() as stack:
            its = self._classes(classes, chosen)
            named, known, store = self._finder.find(paths, chosen, stack)  # files are scanned from here on
            network = self._network(its)
            model = for_scores(network, self._subject, self._device)
            self.clock = model.clock
            compute = Compute(model, self._subject, seen, self._source.size, len(its.names), self._device)
            for video, row in zip(named, computed(known, store, compute, told(len(named))), strict=True):
                yield said(video, row, its.names, seen, combine, top)

    def features(self, paths: Videos, *, views: str | None = None) -> NDArray[np.float32]:
        """Features of videos, (videos, E) float32: the mean over views of the vision side's, each of length 1.

        Where the method compares frames with the texts, a view's is the mean of its frames'. UserError where a file is
        broken: `predict` names each of them.
        """
        seen = self._views(views)
        with ExitStack() as stack:
            named, known, store = self._finder.find(paths, None, stack)
            network = self._network(self._any_classes())
            width = network.text_projection.shape[1]
            model = for_features(network, self._subject, self._device)
            self.clock = model.clock
            compute = Compute(model, summed(self._subject), seen, self._source.size, width, self._device)
            sums = []
            for video, row in zip(named, computed(known, store, compute), strict=True):
                if row.numbers is None:
                    raise UserError(f"{video.shown}: {row.defect}")
                sums.append(row.numbers)
        return (np.stack(sums) / seen.count).astype(np.float32)

    @contextmanager
    def clips(
        self, paths: Videos, *, views: str | None = None, dataset: str | None = None, split: str | None = None
    ) -> Iterator[ViewClips]:
        """All views of videos as the network sees them, while the block lasts; arguments as of `predict`.

        `clips[i]` is the number of a video and one of its views, (T, 3, size, size), normalised; `clips.clip(video,
        view)` gives the numbers of its frames with it, and `clips.store.read(video, numbers)` these frames as pictures.
        UserError where a video is broken.
        """
        with self._clips(paths, self._views(views), self._set(dataset, split)) as clips:
            yield clips

    @contextmanager
    def _clips(self, paths: Videos, views: Views, chosen: Set | None, alone: bool = False) -> Iterator[ViewClips]:
        """`clips`; alone: of one video, and UserError before a file is opened where more are named."""
        with ExitStack() as stack:
            named, known, store = self._finder.find(paths, chosen, stack, alone)
            videos = [future.result() for future in known]
            if broken := next((pair for pair in zip(named, videos, strict=True) if pair[1].broken), None):
                raise UserError(f"{broken[0].shown}: {broken[1].defect}")
            ids = [video.video for video in videos]
            yield clips_of(self._subject, store(videos), ids, views, self._source.size)

    def attention(
        self,
        path: str | os.PathLike[str],
        classes: Sequence[str] | None = None,
        *,
        of_class: str | None = None,
        layer: int | None = None,
        heads: str = "max",
        dataset: str | None = None,
        split: str | None = None,
    ) -> SeenClip:
        """What the network looks at in T even frames of a video: `patches` (T, N) and `other`, which are shares of 1.

        Rollout over all layers, with `heads` joined by max, mean or min; or one `layer`, from 1; or what speaks for a
        class, which is asked about beside the others if it is none of them. `path`, `classes`, `dataset` and `split`
        as of `predict`; `predictions` are of this one clip. UserError where the video is broken, or more than one.
        """
        from tcclip.attention.reading import AttentionReading as How
        from tcclip.attention.reading import look_at

        arguments.check_reading(of_class, layer)
        how = How.asked(of_class, layer, heads)
        opened = self._opened(self._with(of_class, self._classes(classes, self._set(dataset, split))))
        return look_at(opened, self._clip(opened, path, dataset, split), how)

    def context_tokens(
        self,
        path: str | os.PathLike[str],
        *,
        layer: int | None = None,
        dataset: str | None = None,
        split: str | None = None,
    ) -> ContextTokens:
        """What the context tokens of T frames of a video are made of: `shares` (k, T, N), 1 in sum of each token.

        layer: that makes them, from 1; None: the last; the rest as of `attention`. UserError where the method has none.
        """
        from tcclip.attention.tokens import context_tokens

        arguments.check_reading(None, layer)
        opened = self._opened(self._any_classes())
        return context_tokens(opened, self._clip(opened, path, dataset, split), layer)

    def _clip(self, opened: Opened, path: str | os.PathLike[str], dataset: str | None, split: str | None) -> Clip:
        from tcclip.attention.opened_run import even_clip

        with self._clips(path, self._source.views, self._set(dataset, split), alone=True) as clips:
            return even_clip(opened, clips.store, clips.videos[0])

    def class_of(
        self, path: str | os.PathLike[str], dataset: str | None = None, split: str | None = None
    ) -> str | None:
        """The class of a video of its suite's datasets, by its file or with `dataset` by its id; None: nobody says."""
        return self._source.truth(arguments.checked_path(path, "a video"), dataset, split)

    def _opened(self, classes: Classes) -> Opened:
        from tcclip.attention.opened_run import Opened
        from tcclip.attention.record import texts_of

        method = self._subject.method_for(classes.names)
        precision = pick_precision(self._source.subject.machine.precision, self._device)  # maps are of an evaluation
        network = self._network(classes)
        if self._texts is None:
            self._texts = texts_of(network, precision)
        size = self._source.size
        return Opened(self.name, network, method, classes.names, self.frames, size, precision, self._texts)

    def _with(self, name: str | None, classes: Classes) -> Classes:
        """The classes, and one more of this name unless it is one of them."""
        if name is None or same_name(name) in map(same_name, classes.names):
            return classes
        return classes_for(self._source, (*classes.names, name), [classes])

    def network(self, classes: Sequence[str] | None = None) -> ClipVideo:
        """The torch module over class names: video (B, T, 3, H, W), normalised -> logits (B, C)."""
        return self._network(self._classes(classes, None))

    def _network(self, classes: Classes) -> ClipVideo:
        if self._kept is None or self._kept[0] != classes:
            self._kept = self._texts = None  # first, so that two are never in memory
            self._kept = classes, self._source.build(classes.names, classes.texts).eval().to(self._device)
        return self._kept[1]

    def _set(self, dataset: str | None, split: str | None) -> Set | None:
        arguments.check_set(dataset, split)
        return self._source.dataset(dataset, split) if dataset else None

    def _views(self, text: str | None) -> Views:
        return self._source.views if text is None else parse_views(arguments.checked_text(text, "views", "4x3"))

    def _classes(self, names: Sequence[str] | None, chosen: Set | None) -> Classes:
        if names is None:
            return chosen.classes if chosen else self._source.own()
        typed, known = arguments.checked_names(names), [chosen.classes] if chosen else []
        if self._subject.method.outside or self._subject.trained_on:
            known.append(self._source.own())
        its = classes_for(self._source, typed, known)
        for remark in remarks(self._source, its):
            log(remark)
        return its

    def _any_classes(self) -> Classes:
        """Those of the network that is there, or of the training: features do not depend on them."""
        return self._kept[0] if self._kept else self._source.own_or_none() or Classes(ANY)
