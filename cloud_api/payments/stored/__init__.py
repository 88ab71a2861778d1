"""What is a gift card worth?"""
