"""Which stays are near, for whoever writes to guests?"""
