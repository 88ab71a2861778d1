"""Which vendors can be played on this machine, strictly and on their own wires?"""
