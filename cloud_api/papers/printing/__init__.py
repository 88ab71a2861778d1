"""How does a page become a PDF, without harm and within its time?"""
