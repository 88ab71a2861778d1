"""Everything on one machine: real parts on loopback, a simulated house, a story in steps."""
