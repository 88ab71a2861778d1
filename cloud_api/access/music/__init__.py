"""Music from afar: relayed while fresh, decided in the house."""
