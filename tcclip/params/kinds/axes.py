"""The axes of a method, and of the protocol that it is trained by."""

# The package whose modules do what the kinds of an axis say; an axis is a field of a method, of one of
# its sections, or of a protocol.
AXES = {
    "vision": "tcclip.models.vision",
    "pos": "tcclip.models.pos",
    "selector": "tcclip.models.selector",
    "summarizer": "tcclip.models.summarizer",
    "pool": "tcclip.models.pool",
    "text": "tcclip.models.text",
    "look": "tcclip.models.look",
    "score": "tcclip.models.score",
    "sampling": "tcclip.data.clips.sampling",
    "augmentation": "tcclip.data.clips.augmentation",
    "objective": "tcclip.training.objective",
    "schedule": "tcclip.training.schedule",
    "select": "tcclip.training.select",  # of a protocol
}
