"""By which ways do messages leave the house?"""
