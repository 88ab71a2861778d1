"""What is owed, what was paid, and by which way?"""
