"""What evaluation and training cost: time, memory and arithmetic, measured side by side in one process."""
