"""What a suite costs before anything starts: videos, hours and disk."""
