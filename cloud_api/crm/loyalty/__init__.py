"""How many points has a guest, where do they come from, and where did they go?"""
