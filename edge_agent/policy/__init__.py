"""What may be done now? Pure: no clock, no disk, no network."""
