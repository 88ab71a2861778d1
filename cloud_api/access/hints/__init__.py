"""What the lock vendor tells us unasked: never believed, only a reason to look again."""
