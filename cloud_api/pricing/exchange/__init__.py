"""What is an amount worth in another currency?"""
