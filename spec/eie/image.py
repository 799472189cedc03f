"""What the image file of a network for an EIE array holds besides the header that all machines share."""

HEADER_KEYS = ("layers", "input_scale", "output_scale", "order", "calibration", "reference", "input_bounds")
"""Keys of the header besides those of every machine. A scale is the real value of one integer step: integer =
round_half_even(real / ``input_scale``), real = integer * ``output_scale``. ``order`` is how rows were given to PEs, one of
:data:`ORDERS`. ``calibration`` says how the scales were chosen, an object with :data:`CALIBRATION_KEYS`, or null where that is
not known. ``reference`` is true where the image holds the float network it was made from. ``input_bounds`` is null, or the
least and the largest whole number between which the host keeps every input, as the network does; null for an end that is
none."""

ORDERS = ("balanced", "modulo")
"""Rows to PEs: balanced by work, or row i to PE i modulo N as in the paper; the members ``rows`` say where each went."""

CALIBRATION_KEYS = ("bound", "vectors", "guessed", "told", "input_range", "capped")
"""Keys of ``calibration``: ``bound``, one of :data:`BOUNDS`; the number of ``vectors``; true for ``guessed`` where these were
random ones for want of data; true for ``told`` where the user gave the range of the inputs; ``input_range``, the least and the
largest input that was counted on; ``capped``, the numbers of the layers whose outputs saturate by intent, as behind a ReLU6."""

BOUNDS = ("data", "worst")
"""What the accumulators were given room for: the sums of the vectors with a margin, or those of any input whatever."""

LAYER_KEYS = ("name", "inputs", "outputs", "in_slots", "out_slots", "shift", "relu", "bias", "codebook",
                  "pointer_base", "entry_base", "nonzeros", "padding")
"""Keys of one entry of ``layers`` for machine ``eie``. ``inputs`` counts columns: for the first layer those
of the input vector, else ``pes * in_slots``, the physical order of the layer before; ``outputs`` counts
logical rows. The bases are those of the layer descriptor; ``relu`` and ``bias`` are true or false."""

MEMBERS = {
    "codebooks": ("int16", "(number of codebooks, 2**codebook_bits), entry 0 of each is 0"),
    "layer{l}_entries": ("uint16", "entries of PE 0, then PE 1, ...; code in low codebook_bits, run above"),
    "layer{l}_pointers": ("uint32", "(pes, pes * in_slots + 1): column j is entries p_j to p_j+1 - 1"),
    "layer{l}_rows": ("int32", "(pes * out_slots,): logical row at physical index p, -1 for an absent slot"),
    "layer{l}_bias": ("int32", "(pes * out_slots,) in physical order, 0 where absent; if the layer has bias"),
    "layer{l}_float": ("float32", "(outputs, inputs): real weights in the network's own order; if reference"),
    "layer{l}_float_bias": ("float32", "(outputs,): real biases in the network's own order; if reference"),
}
"""Members for machine ``eie`` with dtype and meaning; ``{l}`` counts layers from 0. The pointers of every PE
start from 0. A column ends with an entry of a code other than 0: zeros after it are not encoded."""
