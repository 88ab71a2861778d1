"""How does somebody who comes again sign in, and what do they see and change of themselves?"""
