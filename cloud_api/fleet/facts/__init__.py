"""The inbox of facts: verified, in order, each once, and receipted by a signed head."""
