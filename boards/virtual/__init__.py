"""A board in a simulator: the same top as on a real one, behind a pseudo-terminal."""
