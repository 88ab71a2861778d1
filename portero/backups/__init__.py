"""How does a cloud, or a house, come back after its disk is gone?"""
