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
    "parts": ("int32", "(parts, 12): the runs that make every layer's output where activations overflow, `PART_COLUMNS`"),
    "part_inputs": ("int32", "(tensors, 5): what the parts of each layer read, `PART_INPUT_COLUMNS`"),
    "part_files": ("uint8", "(bytes,): image files of the parts, one after another"),
    "part_sizes": ("int32", "(files,): bytes of each of these files"),
}
"""Members for machine ``scnn`` with dtype and meaning."""

PARTS = ("parts", "part_inputs", "part_files", "part_sizes")
"""Members of an image whose regions are smaller than its activations may need; all of them or none."""

OPTIONAL = ("codebooks", "input_sizes", "input_places", "output_places", *PARTS)
"""Members that some images lack: without codes, in the order of the network's file, or with room for every activation."""

PART_COLUMNS = ("layer", "image", "first_row", "end_row", "first_col", "end_col",
                "out_first_row", "out_end_row", "out_first_col", "out_end_col", "row_step", "col_step")
"""One run: the layer of which it makes a box of the output, in ascending order; the number of the file that it runs; the box of
each input that it reads; the box of the output that it makes; and how far apart a residual's values are put."""

PART_INPUT_COLUMNS = ("layer", "tensor", "first_channel", "end_channel", "residual")
"""One tensor that a layer reads, layers in ascending order: the layer that makes it, or -1 for the network's input; the
channels that are read; and 1 for the tensor that is added to the sums, the last of its layer, else 0."""
