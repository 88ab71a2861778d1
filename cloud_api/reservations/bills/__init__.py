"""What does a booking cost, and what becomes of its money?"""
