"""Which papers does a stay have?"""
