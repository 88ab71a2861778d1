"""What does a booking owe, and what was paid on it?"""
