"""Schema history, one linear chain; a room's first tables come in a file named after the room."""
