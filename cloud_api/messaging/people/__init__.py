"""What is known here of one person, and how is it forgotten?"""
