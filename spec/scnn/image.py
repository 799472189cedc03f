"""What the image file of a network for an SCNN array holds besides the header that all machines share."""

HEADER_KEYS = ("layers", "input", "output", "input_scale", "output_scale", "input_bounds")
"""Keys of the header of machine ``scnn``. A scale is the real value of one integer step. ``input_bounds`` is null, or the least
and the largest whole number between which the host keeps every input, as the network does; null for an end that is none."""

LAYER_KEYS = ("name", "level", "passes", "kc")
"""Keys of one entry of ``layers``: what a reader of reports wants to know; the machine reads the programs."""

TENSOR_KEYS = ("shape", "level", "rows", "cols", "span", "forms")
"""Keys of ``input`` and ``output``: channels, rows and columns; the level of the blocks of PEs that hold a tile each; where
each tile's rows and columns begin, and the end; block indices that a phase takes; and for each form a list of row stride,
column stride, row offset, column offset, first block index, pitch. Row y is in phase (y + offset) mod stride of its form; the
blocks of phase (row, column) begin at first + (row x column stride + column) x span."""

MEMBERS = {
    "layers": ("uint64", "(layers,): the layer table"),
    "lanes": ("uint64", "the lanes' program"),
    "taps": ("uint32", "offsets of filter taps"),
    "supply": ("uint64", "(pes, words): the supply program of each PE"),
    "drain": ("uint64", "(pes, words): the drain program of each PE"),
    "weights": ("uint32", "(transfers, 1 + items): of the weight stream; ahead of the items whether lane 0 is next"),
    "codebooks": ("int16", "(codebooks, 16): values of codes, entry 0 of each is 0; if weight_code_bits is 4"),
    "input_orders": ("int32", "(places, most): channels at each place of a block, in the order of their blocks; then -1"),
    "output_orders": ("int32", "the same of the output"),
    "input_sizes": ("int32", "(dimensions,): shape of an input in the network's file, where its elements lie in another order"),
    "input_places": ("int32", "(elements,): place in the network's file of each element of the input, by channel, row, column"),
    "output_places": ("int32", "(elements,): place in the output of each element of the file's answer, where that differs"),
}
"""Members for machine ``scnn`` with dtype and meaning."""

OPTIONAL = ("codebooks", "input_sizes", "input_places", "output_places")
"""Members that some images lack: without codes, or in the order of the network's file."""
