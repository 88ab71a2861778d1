"""The cloud: bookings, people, grants; tells each house who may do what."""
