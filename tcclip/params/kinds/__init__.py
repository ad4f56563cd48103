"""Kinds: one way to do one thing of a method, each a settings class here and a module of the same name.

An axis is a folder, a kind a file in it: `summarizer/kmeans.py` holds the class `Settings` of the kind `kmeans`, and
`tcclip/models/summarizer/kmeans.py` what it does. Both are found by name: a new kind is two new files and a method that
names it (docs/adding_a_method.md). Nothing here imports torch.
"""
