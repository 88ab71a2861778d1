"""Which stays could move to which equal unit, so that somebody more finds room?"""
