"""What a host sends to an SCNN array: items of the weight lanes, packets with programs, tables and activations."""

from collections.abc import Iterator

import numpy as np

from compress.scnn import block, code
from compress.scnn.group import members
from compress.scnn.mapping import LayerMapping, Segment
from spec.framing import Header
from spec.scnn import ScnnSpec
from spec.scnn.packet import BLOCK, PACKET_PE_SHIFT, PACKETS
from spec.scnn.shape import BIAS_BITS, MAX_SLOTS, VALUE_BITS

CHUNK = 1 << 14         # transfers that are cut into bits at a time


def matrices(spec: ScnnSpec, mapping: LayerMapping, segment: Segment, number: int, place: int) -> np.ndarray:
    """Return the weight blocks of a segment in pass ``number`` for a place as rows of positions: (pairs, taps x 2**kp_log2)."""
    layer = mapping.layer
    group, places = next((own.index(place), own) for own in members(spec, mapping.level, mapping.shared) if place in own)
    lanes = 1 << (mapping.channels - 1).bit_length()
    if segment.place < 0:                                   # a residual: its channel k meets sum k
        rows = np.zeros((segment.pairs, lanes), np.int64)
        rows[:len(finished(mapping, number, place)), group * mapping.kc] = 1 << layer.residual[1]     # type: ignore[index]
        return rows
    read = segment.channels(group)
    row, col = segment.phase
    high, wide = (len(range(at, taps, stride)) for at, taps, stride in zip((row, col), layer.weight.shape[2:], layer.stride,
                                                                          strict=True))
    padded = np.zeros((lanes, segment.pairs, high, wide), np.int64)
    for at, other in enumerate(places):
        outputs = finished(mapping, number, other)
        weight = spread(layer.weight, layer.groups, outputs) if layer.groups > 1 else layer.weight[outputs]
        padded[at * mapping.kc:at * mapping.kc + len(outputs), read >= 0] = weight[
            :, segment.first + read[read >= 0], row::layer.stride[0], col::layer.stride[1]]
    return padded.transpose(1, 2, 3, 0).reshape(segment.pairs, -1)


def finished(mapping: LayerMapping, number: int, place: int) -> np.ndarray:
    """Return the output channels that the PE at a place finishes in pass ``number``."""
    return mapping.output.orders[place][number * mapping.kc:(number + 1) * mapping.kc]


def spread(weight: np.ndarray, groups: int, outputs: np.ndarray) -> np.ndarray:
    """Return the weights of some outputs of a layer in groups, over all its inputs."""
    depth = weight.shape[1]
    whole = np.zeros((len(outputs), depth * groups, *weight.shape[2:]), weight.dtype)
    for at, output in enumerate(outputs.tolist()):
        group = output // (len(weight) // groups)
        whole[at, group * depth:(group + 1) * depth] = weight[output]
    return whole


def blocks(spec: ScnnSpec, mapping: LayerMapping, number: int, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many items each block of a pass has for a place, pair after pair, and the items.

    An item is an entry and, above it, whether it is its block's last; a block without entries is one item of value and run 0.
    """
    bits = spec.weight_code_bits or VALUE_BITS
    counts, items = [], []
    for segment in mapping.segments:
        own, values, runs = block.encode(matrices(spec, mapping, segment, number, place))
        values = values if mapping.book is None else code.codes(mapping.book, values)
        counts.append(own)
        items.append((values & (1 << bits) - 1) | runs << bits)
    return ended(spec, np.concatenate(counts), np.concatenate(items))


def ended(spec: ScnnSpec, counts: np.ndarray, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the items of blocks of so many entries each, and how many items each block has."""
    ends = np.cumsum(counts)
    sizes = np.maximum(counts, 1)
    items = np.insert(entries, ends[counts == 0], 0)
    items[np.cumsum(sizes) - 1] |= 1 << spec.entry_bits
    return sizes, items


def biases(spec: ScnnSpec, mapping: LayerMapping, number: int, place: int) -> np.ndarray:
    """Return the items of the biases of a pass for a place, each marked as the last of its block."""
    if mapping.layer.bias is None:
        return np.empty(0, np.int64)
    own = np.zeros(mapping.kc, np.int64)
    outputs = finished(mapping, number, place)
    own[:len(outputs)] = mapping.layer.bias[outputs].astype(np.int64) & (1 << BIAS_BITS) - 1
    shifts = np.arange(spec.bias_items) * spec.entry_bits
    return (((own[:, None] >> shifts) & (1 << spec.entry_bits) - 1) | 1 << spec.entry_bits).ravel()


def items(spec: ScnnSpec, mapping: LayerMapping, lane: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the items of a layer for a lane, in the order in which it takes them, and of which pair of the layer each is.

    Biases are of the first pair of their pass.
    """
    high, wide = spec.block_sides[mapping.level]
    places = range(lane, high * wide, spec.weight_lanes)
    for number in range(mapping.passes):
        first = number * mapping.pairs
        for place in places:
            own = biases(spec, mapping, number, place)
            yield own, np.full(len(own), first)
        made = [blocks(spec, mapping, number, place) for place in places]
        if made:
            sizes = np.stack([counts for counts, _ in made], axis=1)
            pairs = first + np.repeat(np.arange(mapping.pairs), sizes.sum(axis=1))
            pair_of = np.concatenate([np.repeat(np.arange(mapping.pairs), counts) for counts, _ in made])
            order = np.argsort(pair_of, kind="stable")
            yield np.concatenate([entries for _, entries in made])[order], pairs


def lanes(spec: ScnnSpec, mappings: list[LayerMapping]) -> np.ndarray:
    """Return the weight stream of a network: uint32 (transfers, 1 + items), as :func:`woven` makes it."""
    found, needs = [], []
    for lane in range(spec.weight_lanes):
        flat, need, base = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        for mapping in mappings:
            for own, pairs in items(spec, mapping, lane):
                flat.append(own)
                need.append(base + pairs)
            base += mapping.passes * mapping.pairs
        found.append(np.concatenate(flat))
        needs.append(np.concatenate(need))
    return woven(spec, found, needs, ahead(spec, [(mapping.passes * mapping.pairs, mapping.slots[0]) for mapping in mappings]))


def woven(spec: ScnnSpec, flat: list[np.ndarray], needs: list[np.ndarray], last: np.ndarray) -> np.ndarray:
    """Return the items of all lanes in transfers: uint32 (transfers, 1 + items), filled up with 0.

    Ahead of the items of a transfer stands whether lane 0 is next. A transfer of zeros is for nobody: its lane has its turn and
    nothing that may go. No lane is sent what it can take only after items of another lane that come later: how far it may be
    ahead of the others is what :func:`ahead` says.

    Parameters
    ----------
    flat, needs : list of numpy.ndarray
        For each lane its items, and the pair of each of them.
    last : numpy.ndarray
        As :func:`ahead` returns it.
    """
    wide = spec.transfer_items
    to, ends = dealt([need[::wide] for need in needs], last)
    stream = np.zeros((len(to), 1 + wide), np.uint32)
    stream[:, 0] = ends & (spec.weight_lanes > 1)
    for lane, own in enumerate(flat):
        stream[to == lane, 1:] = np.pad(own, (0, -len(own) % wide)).reshape(-1, wide)
    return stream


def ahead(spec: ScnnSpec, layers: list[tuple[int, int]]) -> np.ndarray:
    """Return for each pair of all layers the last one whose weights may be on their way while its own are not.

    It is half of a buffer's blocks ahead: with more, the lane that is behind would hardly fetch its weights before their time.

    Parameters
    ----------
    layers : list of tuple
        For each layer the pairs of all its passes, and the logarithm of a weight buffer's slot.
    """
    last, base = [np.empty(0, np.int64)], 0
    for size, slot_log2 in layers:
        slots = min(MAX_SLOTS, spec.weight_words >> slot_log2)
        last.append(base + np.minimum(np.arange(size) + (slots - 1) // 2, size - 1))
        base += size
    return np.concatenate(last)


def dealt(needs: list[np.ndarray], ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each transfer the lane that it is for, -1 for none, and whether lane 0 is next.

    Parameters
    ----------
    needs : list of numpy.ndarray
        For each lane the pair of the first item of each of its transfers, ascending.
    ahead : numpy.ndarray
        For each pair the last one whose items may go while items of it have not.
    """
    if len(needs) == 1:
        return np.zeros(len(needs[0]), np.int64), np.ones(len(needs[0]), bool)
    done = len(ahead)                           # stands for the pair of a lane that has no transfer left
    own = [[*need.tolist(), done] for need in needs]
    at, lanes, ends = [0] * len(needs), list[int](), list[bool]()
    while (first := min(mine[place] for mine, place in zip(own, at, strict=True))) < done:
        limit = min(int(ahead[first]), done - 1)
        turn = [lane if mine[place] <= limit else -1 for lane, (mine, place) in enumerate(zip(own, at, strict=True))]
        while turn[-1] < 0:
            turn.pop()
        lanes += turn
        ends += [False] * (len(turn) - 1) + [True]
        for lane in turn:
            if lane >= 0:
                at[lane] += 1
    return np.array(lanes, np.int64), np.array(ends, bool)


def transfers(spec: ScnnSpec, stream: np.ndarray) -> np.ndarray:
    """Return the transfers of the weight port: uint8 (transfers, bytes), lowest byte first; the turn is above the items."""
    padding = spec.weight_port_bits - spec.transfer_items * spec.item_bits - 1
    parts = []
    for first in range(0, len(stream), CHUNK):
        own = stream[first:first + CHUNK]
        bits = (own[:, 1:, None] >> np.arange(spec.item_bits, dtype=np.uint32) & 1).astype(np.uint8).reshape(len(own), -1)
        whole = np.hstack((bits, own[:, :1].astype(np.uint8), np.zeros((len(own), max(0, padding)), np.uint8)))
        parts.append(np.packbits(whole[:, :spec.weight_port_bits], axis=1, bitorder="little"))
    return np.concatenate(parts) if parts else np.empty((0, spec.weight_port_bits // 8), np.uint8)


def weight_packets(spec: ScnnSpec, stream: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the packets that fill the weight memory with the transfers of a stream of items."""
    words = np.ascontiguousarray(transfers(spec, stream)).view("<u8").ravel()
    if len(words) > spec.stored_words:
        raise ValueError(f"weights must fit {spec.weight_memory} transfers, not {len(words) * 64 // spec.weight_port_bits}")
    for first in range(0, len(words), CHUNK):
        yield packet("weights", first, words[first:first + CHUNK])


def packet(kind: str, address: int, payload: np.ndarray) -> np.ndarray:
    """Return a payload with its header word ahead."""
    head = Header(type=PACKETS[kind], length=len(payload), address=address).pack()
    return np.concatenate((np.array([head], np.uint64), np.asarray(payload, np.uint64)))


def for_pe(kind: str, pe: int, first: int, payload: np.ndarray) -> np.ndarray:
    """Return a packet for a place in one PE."""
    return packet(kind, pe << PACKET_PE_SHIFT | first, payload)


def table_words(table: dict[int, tuple[int, int]]) -> list[tuple[int, np.ndarray]]:
    """Return runs of consecutive entries of a block table: first index and words."""
    runs: list[tuple[int, list[int]]] = []
    for index in sorted(table):
        word, count = table[index]
        entry = word << BLOCK["word"][0] | count << BLOCK["count"][0]
        if runs and runs[-1][0] + len(runs[-1][1]) == index:
            runs[-1][1].append(entry)
        else:
            runs.append((index, [entry]))
    return [(first, np.array(words, np.uint64)) for first, words in runs]


def memory_words(spec: ScnnSpec, memory: np.ndarray) -> np.ndarray:
    """Return words of the activation memory as stream words, lowest first."""
    each = -(-spec.act_word_bits // 64)
    return np.array([int(word) >> 64 * k & (1 << 64) - 1 for word in memory for k in range(each)], np.uint64)
