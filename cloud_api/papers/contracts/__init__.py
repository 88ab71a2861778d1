"""Which words does a guest agree to, and which version of them?"""
