"""What a training minimises: settings."""
