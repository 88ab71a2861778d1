"""How do frames travel between this house and the broker, and what when the line breaks?"""
