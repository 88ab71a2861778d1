"""Where keys are: on the way, in the house, or gone."""
