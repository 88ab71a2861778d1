"""Which letters does a stay's guest get, and when?"""
