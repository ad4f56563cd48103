"""How the texts look at a video (paper, section 3.3; Tables 7 and 10; methods.md 5)."""
