"""Tools without domain: what every room of the cloud stands on."""
