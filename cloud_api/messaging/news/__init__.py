"""What do vendors tell us of messages, and who writes to us?"""
