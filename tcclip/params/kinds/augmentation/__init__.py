"""What training changes in a clip: settings."""
