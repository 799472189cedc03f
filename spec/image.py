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
