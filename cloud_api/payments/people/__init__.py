"""What do folios know of a person, and how is it forgotten?"""
