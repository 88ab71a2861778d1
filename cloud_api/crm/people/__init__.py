"""How does this room tell all it knows of a person, and forget them?"""
