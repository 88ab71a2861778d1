"""Heating, lights and switches from afar: relayed while fresh, decided in the house."""
