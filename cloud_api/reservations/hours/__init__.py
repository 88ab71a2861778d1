"""May this stay begin earlier or end later than the house says, and for how much?"""
