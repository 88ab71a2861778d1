"""What is an organisation alarmed of, and whom?"""
