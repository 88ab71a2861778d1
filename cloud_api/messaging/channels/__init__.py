"""By which vendors does a message leave? One adapter each; none knows of another."""
