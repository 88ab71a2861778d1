"""Wishes for music, relayed while they are fresh, decided in the house, answered once."""
