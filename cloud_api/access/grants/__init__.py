"""Grants of stays and staff: made, moved, revoked; their links and PINs."""
