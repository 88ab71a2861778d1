"""Who works here, and what may each of them do?"""
