"""Which weights a training keeps: settings. A protocol chooses the kind."""
