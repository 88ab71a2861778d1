"""Who is told what, by which channel, and did it arrive?"""
