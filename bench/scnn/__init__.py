"""The SCNN's published comparison beside ours: networks, densities, cycles, energy."""
