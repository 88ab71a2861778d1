"""Which device is a house's own, when two hold its key?"""
