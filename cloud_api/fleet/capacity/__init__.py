"""Does what a house shall hold fit into one signed book?"""
