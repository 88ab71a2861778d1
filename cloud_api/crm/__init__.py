"""Who comes again, who brings others, and what do they win?"""
