"""The words the cloud and a house speak; nothing of ours below it, no I/O."""
