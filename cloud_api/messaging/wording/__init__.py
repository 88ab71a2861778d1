"""Which words are people told things with?"""
