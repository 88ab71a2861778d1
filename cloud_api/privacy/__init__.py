"""What do we know of a person, and how is it forgotten?"""
