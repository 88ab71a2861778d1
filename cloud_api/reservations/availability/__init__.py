"""Which nights are free, and why not the others?"""
