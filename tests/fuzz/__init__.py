"""Hostile and unlucky input, drawn from seeds: what is damaged, the commands it is given to, what must not happen."""
