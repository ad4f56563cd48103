"""What a frame sees beside its own tokens, and in which layers (paper, Eq. 4 and Table 1; methods.md 4)."""
