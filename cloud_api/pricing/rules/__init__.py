"""What does a stay cost, from nothing but its inputs? Pure: no clock, no database, no floats."""
