"""What would a house be told of a person, and how is it forgotten?"""
