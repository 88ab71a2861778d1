"""How do waiting messages go out, each at most once?"""
