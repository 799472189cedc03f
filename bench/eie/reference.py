"""What the EIE paper prints (ISCA 2016, Table IV), and what its rules give on random patterns of the printed densities."""

CLOCK_MHZ = 800
"""Clock of the published machine, which turns its microseconds into cycles."""

ACTUAL_US = {"Alex-6": 30.3, "Alex-7": 12.2, "Alex-8": 9.9, "VGG-6": 34.4, "VGG-7": 8.7, "VGG-8": 8.4, "NT-We": 8.0,
             "NT-Wd": 13.9, "NT-LSTM": 7.5}
"""Table IV, EIE, actual time: 64 PEs, batch 1."""

THEORETICAL_US = {"Alex-6": 28.1, "Alex-7": 11.7, "Alex-8": 8.9, "VGG-6": 28.1, "VGG-7": 7.9, "VGG-8": 7.3, "NT-We": 5.2,
                  "NT-Wd": 13.0, "NT-LSTM": 6.5}
"""Table IV, EIE, theoretical time: its work, padding included, at the peak rate."""

RECONSTRUCTION = {"Alex-6": 22897, "Alex-7": 10283, "Alex-8": 6550, "VGG-6": 20019, "VGG-7": 6680, "VGG-8": 6697,
                  "NT-We": 6043, "NT-Wd": 10671, "NT-LSTM": 5363}
"""Cycles of the authors' published simulator's rules, ring of 8, one pass, on Bernoulli weights of the printed densities.

Its patterns are not ours, though drawn from the same distribution: a layer's work differs by up to 0.4 % between seeds.
"""

DISTRUSTED = {"VGG-6": "its printed theoretical time equals that of Alex-6: a misprint, or weights that are far from uniform"}
"""Layers whose published time is suspect, and why."""


def paper_cycles(layer: str) -> int | None:
    """Return the cycles of a layer's published actual time, None for a layer that the paper does not have."""
    return round(ACTUAL_US[layer] * CLOCK_MHZ) if layer in ACTUAL_US else None
