"""How does money go back, once?"""
