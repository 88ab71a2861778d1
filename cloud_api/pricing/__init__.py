"""What does a night cost, and why?"""
