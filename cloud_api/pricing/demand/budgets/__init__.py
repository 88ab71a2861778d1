"""How often may the vendor be asked?"""
