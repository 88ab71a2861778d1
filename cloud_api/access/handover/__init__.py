"""What is a guest told of the key?"""
