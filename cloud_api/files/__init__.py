"""Where do private files rest, and for how long?"""
