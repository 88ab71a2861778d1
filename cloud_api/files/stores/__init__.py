"""Where may sealed contents rest? Each module knows one such place."""
