"""What a suite costs before anything starts: videos, hours, disk, and the time on a number of GPUs."""
