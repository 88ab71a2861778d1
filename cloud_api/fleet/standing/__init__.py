"""Where a house stands: what it holds by its own signed word, and whether it is there."""
