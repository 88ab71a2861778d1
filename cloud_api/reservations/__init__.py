"""Who has which nights of which space, and what may become of a booking?"""
