"""Which accounts at vendors does an organisation have?"""
