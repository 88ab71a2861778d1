"""What do people agree to hear, and when?"""
