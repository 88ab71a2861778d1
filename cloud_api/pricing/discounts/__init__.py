"""What may be taken off a price, and why was it, or was it not?"""
