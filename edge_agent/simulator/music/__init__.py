"""How does a Music Assistant server behave on the wire, on a laptop, with faults on request?"""
