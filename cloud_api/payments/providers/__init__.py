"""How does each provider speak?"""
