"""What a host sends over the 64-bit stream: an image, and the activations of a run, as packets.

A packet is a NumPy array of uint64, header first; the stream's last flag goes with its last word.
"""

import numpy as np

from compress.eie.image import Image, Layer
from spec.eie import LAYER_FIELDS, LAYER_WORDS, PACKET_PE_SHIFT, PACKETS, EieSpec
from spec.framing import Header


def packet(kind: str, address: int, payload: np.ndarray) -> np.ndarray:
    """Return a payload with its header word ahead."""
    head = Header(type=PACKETS[kind], length=len(payload), address=address).pack()
    return np.concatenate((np.array([head], np.uint64), payload))


def image_packets(image: Image) -> list[np.ndarray]:
    """Return all packets that load an image: codebooks, layers, then pointers and words of every PE."""
    packets = [packet("codebook", number, _fields(book, 16)) for number, book in enumerate(image.codebooks)]
    packets += [packet("layer", number, descriptor(layer)) for number, layer in enumerate(image.layers)]
    for layer in image.layers:
        starts = np.concatenate(([0], np.cumsum(layer.pointers[:, -1], dtype=np.int64)))
        for pe in range(image.spec.pes):
            place = pe << PACKET_PE_SHIFT
            packets.append(packet("pointers", place | layer.pointer_base, pointers(layer, pe, image.spec)))
            words = matrix_words(layer, pe, layer.entries[starts[pe]:starts[pe + 1]], image.spec)
            if len(words):
                packets.append(packet("words", place | layer.entry_base, words))
    return packets


def activation_packet(activations, spec: EieSpec, *, slot: int = 0) -> np.ndarray:
    """Return the packet that writes activations, in physical order, from PE 0 of ``slot`` on.

    The vector is filled with zeros to whole slots, so that no activation of an earlier run is left in them.
    """
    values = np.asarray(activations)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise TypeError(f"activations must be a vector of integers, not {values.ndim}-dimensional "
                        f"{values.dtype}; quantise them by the image's scale")
    room, top = (spec.slots - slot) * spec.pes, 1 << spec.act_bits - 1
    if not (slot >= 0 and 0 < len(values) <= room):
        raise ValueError(f"activations must be 1 to {max(room, 0)} from slot {slot} on, not {len(values)}")
    if not -top <= values.min() <= values.max() < top:
        raise OverflowError(f"activations must be {-top} to {top - 1}, "
                            f"not {values.min() if values.min() < -top else values.max()}")
    whole = np.zeros(-(-len(values) // spec.pes) * spec.pes, np.int16)
    whole[:len(values)] = values
    return packet("activations", slot, _fields(whole, 16))


def descriptor(layer: Layer) -> np.ndarray:
    """Return the stream words of a layer descriptor."""
    bits = 0
    for name, (position, width) in LAYER_FIELDS.items():
        value = layer.bias is not None if name == "bias" else int(getattr(layer, name))
        if value >> width:
            raise OverflowError(f"{layer.name}: {name} must fit {width} bits, not be {value}")
        bits |= value << position
    return np.array([bits >> 64 * k & (1 << 64) - 1 for k in range(LAYER_WORDS)], np.uint64)


def pointers(layer: Layer, pe: int, spec: EieSpec) -> np.ndarray:
    """Return the stream words with a PE's pointers: where each column ends in its memory, in entries."""
    base = layer.entry_base + (spec.bias_words(layer.out_slots) if layer.bias is not None else 0)
    ends = layer.pointers[pe, 1:].astype(np.int64) + base * spec.word_entries
    return _fields(ends % spec.entries, spec.pointer_field_bits)


def matrix_words(layer: Layer, pe: int, entries: np.ndarray, spec: EieSpec) -> np.ndarray:
    """Return the stream words of a PE's matrix words of a layer: its biases, then its entries."""
    parts = [np.empty((0, -(-spec.word_bits // 64)), np.uint64)]
    if layer.bias is not None:
        own = layer.bias.reshape(layer.out_slots, spec.pes)[:, pe]
        parts.append(_pack(own.view(np.uint32), spec.bias_bits, spec.word_biases, spec))
    parts.append(_pack(entries, spec.entry_bits, spec.word_entries, spec))
    return np.concatenate(parts).ravel()


def _pack(values: np.ndarray, bits: int, count: int, spec: EieSpec) -> np.ndarray:
    """Put ``count`` values of ``bits`` bits into each matrix word, lowest first; unused bits are 0."""
    words = -(-len(values) // count)
    table = np.zeros((words, count), np.uint64)
    table.ravel()[:len(values)] = values
    packed = np.zeros((words, -(-spec.word_bits // 64)), np.uint64)
    for k in range(count):
        part, offset = divmod(k * bits, 64)
        packed[:, part] |= table[:, k] << np.uint64(offset)
        if offset + bits > 64:
            packed[:, part + 1] |= table[:, k] >> np.uint64(64 - offset)
    return packed


def _fields(values: np.ndarray, bits: int) -> np.ndarray:
    """Put 16- or 32-bit fields into stream words, lowest first."""
    unsigned = np.asarray(values).astype(f"<i{bits // 8}" if np.min(values) < 0 else f"<u{bits // 8}")
    whole = np.zeros(-(-len(unsigned) * bits // 64) * 64 // bits, f"<u{bits // 8}")
    whole[:len(unsigned)] = unsigned.view(whole.dtype)
    return whole.view("<u8").astype(np.uint64)
