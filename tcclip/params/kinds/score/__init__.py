"""How a video is compared with the texts of the classes."""
