"""How does a Home Assistant behave on the wire, on a laptop, with faults on request?"""
