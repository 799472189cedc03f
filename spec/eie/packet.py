"""Packets of the EIE array's stream and the layout of a layer descriptor."""

PACKETS = {"codebook": 1, "layer": 2, "pointers": 3, "words": 4, "activations": 5}
"""Type numbers of stream packets. The address of ``pointers`` and ``words`` is ``pe << 24 | index``; of ``layer`` the
layer; of ``codebook`` the codebook; of ``activations`` the first slot, whose PE 0 takes the first value."""

PACKET_PE_SHIFT = 24
"""Position of the PE number in the address of a packet for one PE."""

LAYER_FIELDS = {
    "in_slots": (0, 11), "out_slots": (11, 11), "shift": (22, 5), "relu": (27, 1), "bias": (28, 1), "codebook": (29, 4),
    "pointer_base": (64, 16), "entry_base": (96, 20),
}
"""Bit position and width of each field in the two 64-bit words of a layer descriptor. ``entry_base`` counts words:
the layer's bias words, then its entries, at the same word in every PE; ``pointer_base`` is the place of the pointer
that ends column 0."""

LAYER_WORDS = 2
"""Stream words of one layer descriptor."""
