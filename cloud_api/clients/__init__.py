"""Who are the people we rent to, and how do we reach them?"""
