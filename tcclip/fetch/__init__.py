"""Stage `download`: the files of a dataset's release, each verified, recorded, and either complete or absent."""

from tcclip.fetch.download import download

__all__ = ["download"]
