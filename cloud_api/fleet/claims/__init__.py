"""The one moment a device becomes a house's own."""
