"""How often, by which ways and of what does an organisation write?"""
