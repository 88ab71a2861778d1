"""The root's word on the cloud's keys, as every process finds it."""
