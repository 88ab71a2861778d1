"""What do grants know of a person, and how is it forgotten?"""
