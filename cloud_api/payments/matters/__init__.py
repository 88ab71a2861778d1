"""Which money needs a person?"""
