"""The one builder: what is desired becomes a version, signed, its exact bytes stored."""
