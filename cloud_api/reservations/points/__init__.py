"""How do redeemed points take something off a booking's price?"""
