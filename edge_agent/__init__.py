"""One house: lockd decides and moves locks, the agent carries messages, pages and music."""
