"""The image file: what every machine's `.npz` holds; a machine's own part is in ``spec.NAME.image``."""

FORMAT = "nonzero-image"
"""Value of ``format`` in the header."""

VERSION = 3
"""Value of ``version`` in the header; a loader refuses any other."""

HEADER = "header"
"""Member with the header: UTF-8 JSON as an array of uint8."""

HEADER_KEYS = ("format", "version", "machine", "tool", "spec", "sha256")
"""Keys of every header; ``HEADER_KEYS`` of the machine's own part follow them. ``machine`` is a name of the registry and
``spec`` holds every parameter of its specification. ``sha256`` is the hexadecimal digest of the header without this key (JSON
with sorted keys and no spaces), then for every other member in ascending name order: name, dtype name (``int16``), shape as
JSON without spaces (``[4,16]``), each as UTF-8 with a line feed after it, and the little-endian bytes in C order."""
