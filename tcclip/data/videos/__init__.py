"""Videos: decoding them, and their frames in shards or online."""
