"""Doors opened from afar: by guests and staff, decided in the house, told truly."""
