"""What is there to rent: properties, houses, units, spaces, their locks and players?"""
