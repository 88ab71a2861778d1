"""A companion's way in: ask, wait, be let in; and the booker's answer."""
