"""What does the house do when somebody may? The verbs; they decide nothing themselves."""
