"""Which events and contests are there, who takes part, and who wins?"""
