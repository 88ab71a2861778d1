"""What is left of a picture when all is gone that nobody meant to tell?"""
