"""Which papers does the guest who booked get by the link?"""
