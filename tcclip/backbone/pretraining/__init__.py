"""Contrastive pre-training of the small CLIP of the mini suite on captioned stills."""
