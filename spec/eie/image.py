"""What the image file of a network for an EIE array holds besides the header that all machines share."""

HEADER_KEYS = ("layers", "input_scale", "output_scale")
"""Keys of the header besides those of every machine. A scale is the real value of one integer step: integer =
round_half_even(real / ``input_scale``), real = integer * ``output_scale``."""

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
}
"""Members for machine ``eie`` with dtype and meaning; ``{l}`` counts layers from 0. The pointers of every PE
start from 0. A column ends with an entry of a code other than 0: zeros after it are not encoded."""
