"""The command: one verb a door. May import everything; nothing imports it but tests and bench."""
