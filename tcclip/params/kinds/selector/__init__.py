"""Which patches of a frame become seed tokens (paper, Eq. 5; Table 8a; methods.md 6)."""
