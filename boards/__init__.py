"""Board tops, bitstreams, flashing, host link."""
