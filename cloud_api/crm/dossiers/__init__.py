"""What do staff see of one person, across bookings and money?"""
