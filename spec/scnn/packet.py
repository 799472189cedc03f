"""What a host sends to an SCNN array over the 64-bit stream."""

from spec.scnn.shape import ScnnSpec

PACKETS = {"layers": 1, "lanes": 2, "taps": 3, "codebook": 4, "supply": 5, "drain": 6, "blocks": 7, "activations": 8,
           "weights": 9}
"""Type numbers of packets. The address of ``supply``, ``drain``, ``blocks`` and ``activations`` is ``pe << 24 | first``, that
of ``layers``, ``lanes``, ``taps`` and ``weights`` the first place, of ``codebook`` its number."""

PACKET_PE_SHIFT = 24
"""Position of the PE number in the address of a packet for one PE."""

BLOCK = {"word": (0, 16), "count": (32, 16)}
"""Fields of a block table's entry: first word and number of entries, placeholders included."""

CODEBOOKS = 16
"""Codebooks that a machine with ``weight_code_bits`` keeps."""

WEIGHT_STREAM = "s_weight"
"""Prefix of the ports of the stream that brings the weights to a machine without ``weight_memory``."""


def streams(spec: ScnnSpec) -> tuple[str, ...]:
    """Return the prefixes of the streams that a machine has besides those that every machine has."""
    return () if spec.weight_memory else (WEIGHT_STREAM,)
