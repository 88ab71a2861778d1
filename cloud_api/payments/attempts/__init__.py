"""How does a try to pay become money, once?"""
