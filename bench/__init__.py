"""How fast are we beside the barest thing that does the same? Ratios, never promises."""
