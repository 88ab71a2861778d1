"""What becomes of a booking when money or a voucher comes?"""
