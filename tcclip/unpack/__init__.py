"""Stage `unpack`: archives as they were downloaded become `videos/` and `lists/` of a dataset.

An archive is unpacked whole or not at all: its files are staged under numbers, and moved to their names when all of it
was read without an error. What is finished is recorded per archive, so that the same command goes on after any end.
"""

from tcclip.unpack.run import unpack

__all__ = ["unpack"]
