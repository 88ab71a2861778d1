"""Companions ask; bookers and hosts answer, in the cloud or in the house."""
