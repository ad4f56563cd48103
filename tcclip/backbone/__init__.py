"""Stage `backbone`: CLIP's weights and the token ids of all class names as files."""
