"""The text side: CLIP's tower over all classes at once, and the kinds of texts.

A kind's module has `make(settings, config, tokens) -> TextPart` for texts of token ids (n*C, L).
"""
