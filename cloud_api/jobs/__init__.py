"""What have the workers done, what are they doing, and what could they not do?"""
