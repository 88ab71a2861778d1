"""How well do we know whom, and what may each ask of us?"""
