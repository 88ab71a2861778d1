"""The public API as a whole: which rooms answer, in what manner, and how well they are."""
