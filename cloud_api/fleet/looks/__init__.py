"""A lock's vendor says that something happened there: how is the house told to look?"""
