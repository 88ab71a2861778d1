"""What do bookings know of a person, and how is it forgotten?"""
