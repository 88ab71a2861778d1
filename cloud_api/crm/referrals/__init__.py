"""Who brings others, and who brought most last month?"""
