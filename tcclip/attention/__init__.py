"""What a model attends to: attention recorded, led back to patches, rolled out; context tokens and their patches."""
