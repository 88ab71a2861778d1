"""How is money taken that comes by a bank transfer?"""
