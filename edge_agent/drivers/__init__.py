"""Which vendors' devices can serve the house's ports?"""
