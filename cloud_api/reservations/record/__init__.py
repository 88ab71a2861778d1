"""What staff did to bookings, on record."""
