"""The demo's page: a video and class names at the left, what the model says and sees of it at the right."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import gradio as gr

from tcclip.demo.answer import TOP, Answer, answers, own_classes
from tcclip.prediction import Model

THEME = gr.themes.Base(
    primary_hue="blue",
    neutral_hue="slate",
    font=("system-ui", "sans-serif"),  # what the machine has: no page asks for fonts
    font_mono=("ui-monospace", "monospace"),
)
CSS = """
footer {display: none !important}
#said p {margin: 0.2em 0}
#attention img, #tokens img {padding-top: 1.8rem}  /* below the label and the buttons */
"""
SHOWN = 5  # classes of the training that are named
PICTURE: dict[str, Any] = {"format": "png", "interactive": False, "buttons": ["fullscreen", "download"]}


def page(model: Model) -> gr.Blocks:
    """The page of a model; one video is answered after the other."""

    def answered(video: str | None, names: str) -> Iterator[tuple[Any, ...]]:
        for known in answers(model, video, names):
            yield shown(known)

    with gr.Blocks(title=f"tcclip demo: {model.name}", analytics_enabled=False) as blocks:
        gr.HTML(f"<h1>What does {html.escape(model.name)} see?</h1>")
        with gr.Row():
            with gr.Column(scale=1, min_width=320):
                video = gr.File(label="Video", type="filepath", elem_id="video")
                names = gr.Textbox(label="Class names", info=hint(model), lines=3, elem_id="names")
                asked = gr.Button("Predict", variant="primary", elem_id="predict")
                said = gr.HTML(elem_id="said")
                best = gr.Label(label=f"Best {TOP}", num_top_classes=TOP, elem_id="best", visible=False)
            with gr.Column(scale=3, min_width=480):
                attention = gr.Image(label="Where it looks", elem_id="attention", visible=False, **PICTURE)
                tokens = gr.Image(label="Its context tokens", elem_id="tokens", visible=False, **PICTURE)
        shows = [said, best, attention, tokens]
        asked.click(answered, [video, names], shows, api_visibility="private", concurrency_limit=1)
    return blocks


def shown(known: Answer) -> tuple[Any, ...]:
    """The values of the sentence, the classes and the two pictures; what is not known is not seen."""
    return (
        f'<p role="status">{html.escape(known.said)}</p>',
        gr.Label(known.best or None, visible=bool(known.best)),
        gr.Image(known.attention, visible=known.attention is not None),
        gr.Image(known.tokens, visible=known.tokens is not None),
    )


def hint(model: Model) -> str:
    """What may be typed as class names."""
    own = own_classes(model)
    if not own:
        return "Between commas, or one a line."
    some = ", ".join(own[:SHOWN]) + (", ..." if len(own) > SHOWN else "")
    return f"Between commas, or one a line; none: the {len(own)} classes of its training ({some})."
