"""A code that a lock works out by itself: the declared way in when its house cannot be reached."""
