"""From video files and official lists to frames, splits and augmented clips."""
