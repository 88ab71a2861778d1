"""Through whose account does money come?"""
