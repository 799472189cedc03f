"""What is the SCNN array's own on the way from a network to its image: arrangement, blocks, programs, stream of weights."""
