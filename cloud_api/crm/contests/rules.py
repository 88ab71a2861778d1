"""Who may take part, and who leads? Values in, values out."""
