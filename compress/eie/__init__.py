"""What is the EIE array's own on the way from a network to its image: order of rows, encoding, memory, packets."""
