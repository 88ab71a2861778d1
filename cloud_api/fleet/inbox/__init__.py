"""The one door for everything houses send."""
