"""How the seed tokens of a video become its context tokens (Table 8b; methods.md 7)."""
