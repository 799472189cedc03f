"""The image file: what the `.npz` of a network for a machine holds; readers and writers live elsewhere."""

FORMAT = "nonzero-image"
"""Value of ``format`` in the header."""

VERSION = 1
"""Value of ``version`` in the header; a loader refuses any other."""

HEADER = "header"
"""Member with the header: UTF-8 JSON as an array of uint8."""

HEADER_KEYS = ("format", "version", "machine", "tool", "spec", "layers", "input_scale", "output_scale",
               "sha256")
"""Keys of the header. ``spec`` holds every field of the machine's spec dataclass. A scale is the real
value of one integer step: integer = round_half_even(real / ``input_scale``), real = integer *
``output_scale``. ``sha256`` is the hexadecimal digest of the header without this key (JSON with sorted
keys and no spaces), then for every other member in ascending name order: name, dtype name (``int16``),
shape as JSON without spaces (``[4,16]``), each as UTF-8 with a line feed after it, and the little-endian
bytes in C order."""

EIE_LAYER_KEYS = ("name", "inputs", "outputs", "in_slots", "out_slots", "shift", "relu", "bias", "codebook",
                  "pointer_base", "entry_base", "nonzeros", "padding")
"""Keys of one entry of ``layers`` for machine ``eie``. ``inputs`` counts columns: for the first layer those
of the input vector, else ``pes * in_slots``, the physical order of the layer before; ``outputs`` counts
logical rows. The bases are those of the layer descriptor; ``relu`` and ``bias`` are true or false."""

EIE_MEMBERS = {
    "codebooks": ("int16", "(number of codebooks, 2**codebook_bits), entry 0 of each is 0"),
    "layer{l}_entries": ("uint16", "entries of PE 0, then PE 1, ...; code in low codebook_bits, run above"),
    "layer{l}_pointers": ("uint32", "(pes, pes * in_slots + 1): column j is entries p_j to p_j+1 - 1"),
    "layer{l}_rows": ("int32", "(pes * out_slots,): logical row at physical index p, -1 for an absent slot"),
    "layer{l}_bias": ("int32", "(pes * out_slots,) in physical order, 0 where absent; if the layer has bias"),
}
"""Members for machine ``eie`` with dtype and meaning; ``{l}`` counts layers from 0. The pointers of every PE
start from 0. A column ends with an entry of a code other than 0: zeros after it are not encoded."""
