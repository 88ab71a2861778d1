"""What can somebody who comes again sign in with?"""
