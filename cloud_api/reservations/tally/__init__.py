"""How often did somebody book, and for how much?"""
