"""How is money resolved that needed a person?"""
