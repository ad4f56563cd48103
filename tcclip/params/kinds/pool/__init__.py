"""How frame features become a video's."""
