"""The room that knows the houses: what each should hold, holds, and has told."""
