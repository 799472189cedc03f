"""What a host sends to an SCNN array: items of the weight lanes, packets with programs, tables and activations."""

from collections.abc import Iterator

import numpy as np

from compress.scnn import block, code
from compress.scnn.plan import Plan, Segment
from spec.framing import Header
from spec.scnn import ScnnSpec
from spec.scnn.packet import BLOCK, PACKET_PE_SHIFT, PACKETS
from spec.scnn.shape import ABSENT, BIAS_BITS, MAX_SLOTS, VALUE_BITS

CHUNK = 1 << 14         # beats that are cut into bits at a time


def matrices(spec: ScnnSpec, plan: Plan, segment: Segment, number: int, place: int) -> np.ndarray:
    """Return the weight blocks of a segment in pass ``number`` for a place as rows of positions: (pairs, taps x 2**kp_log2)."""
    layer = plan.layer
    outputs = plan.output.orders[place][number * plan.kc:(number + 1) * plan.kc]
    lanes = 1 << (plan.kc - 1).bit_length()
    if segment.place < 0:                                   # a residual: its channel k meets sum k
        rows = np.zeros((segment.pairs, lanes), np.int64)
        rows[:len(outputs), 0] = 1 << layer.residual[1]     # type: ignore[index]
        return rows
    own = segment.first + segment.channels
    row, col = segment.phase
    weight = layer.weight
    if layer.groups > 1:
        weight = spread(layer.weight, layer.groups, outputs)
    else:
        weight = weight[outputs]
    taken = weight[:, own, row::layer.stride[0], col::layer.stride[1]].astype(np.int64)
    padded = np.zeros((lanes, *taken.shape[1:]), np.int64)
    padded[:len(taken)] = taken
    return padded.transpose(1, 2, 3, 0).reshape(len(own), -1)


def spread(weight: np.ndarray, groups: int, outputs: np.ndarray) -> np.ndarray:
    """Return the weights of some outputs of a layer in groups, over all its inputs."""
    depth = weight.shape[1]
    whole = np.zeros((len(outputs), depth * groups, *weight.shape[2:]), weight.dtype)
    for at, output in enumerate(outputs.tolist()):
        group = output // (len(weight) // groups)
        whole[at, group * depth:(group + 1) * depth] = weight[output]
    return whole


def blocks(spec: ScnnSpec, plan: Plan, number: int, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts and items (entries) of the blocks of all pairs of a pass for a place."""
    bits = spec.weight_code_bits or VALUE_BITS
    counts, items = [], []
    for segment in plan.segments:
        own, values, runs = block.encode(matrices(spec, plan, segment, number, place))
        values = values if plan.book is None else code.codes(plan.book, values)
        if own.max(initial=0) >> spec.entry_bits:
            most = (1 << spec.entry_bits) - 1
            raise ValueError(f"weight block of {plan.layer.name} must have at most {most} entries, for its count is an item of "
                             f"{spec.entry_bits} bits, not {own.max()}; take a smaller kc or weight_code_bits 0")
        counts.append(own)
        items.append((values & (1 << bits) - 1) | runs << bits)
    return np.concatenate(counts), np.concatenate(items)


def biases(spec: ScnnSpec, plan: Plan, number: int, place: int) -> np.ndarray:
    """Return the items of the biases of a pass for a place."""
    if plan.layer.bias is None:
        return np.empty(0, np.int64)
    own = np.zeros(plan.kc, np.int64)
    outputs = plan.output.orders[place][number * plan.kc:(number + 1) * plan.kc]
    own[:len(outputs)] = plan.layer.bias[outputs].astype(np.int64) & (1 << BIAS_BITS) - 1
    shifts = np.arange(spec.bias_items) * spec.entry_bits
    return ((own[:, None] >> shifts) & (1 << spec.entry_bits) - 1).ravel()


def items(spec: ScnnSpec, plan: Plan, lane: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the items of a layer for a lane, in the order in which it takes them, and of which pair of the layer each is.

    Biases are of the first pair of their pass.
    """
    high, wide = spec.block_sides[plan.level]
    places = range(lane, high * wide, spec.weight_lanes)
    for number in range(plan.passes):
        first = number * plan.pairs
        for place in places:
            own = biases(spec, plan, number, place)
            yield own, np.full(len(own), first)
        made = [blocks(spec, plan, number, place) for place in places]
        if len(made) == 1:
            counts, entries = made[0]
            starts = np.concatenate(([0], np.cumsum(counts[:-1])))
            yield np.insert(entries, starts, counts), first + np.repeat(np.arange(len(counts)), counts + 1)
        elif made:
            cuts = [np.split(entries, np.cumsum(counts[:-1])) for counts, entries in made]
            for pair in range(plan.pairs):
                for (counts, _), cut in zip(made, cuts, strict=True):
                    yield np.concatenate((counts[pair:pair + 1], cut[pair])), np.full(1 + len(cut[pair]), first + pair)


def lanes(spec: ScnnSpec, plans: list[Plan]) -> np.ndarray:
    """Return the weight stream of a network as items: uint32 (beats, weight_lanes, F), as :func:`woven` makes it."""
    found, needs = [], []
    for lane in range(spec.weight_lanes):
        flat, need, base = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        for plan in plans:
            for own, pairs in items(spec, plan, lane):
                flat.append(own)
                need.append(base + pairs)
            base += plan.passes * plan.pairs
        found.append(np.concatenate(flat))
        needs.append(np.concatenate(need))
    return woven(spec, found, needs, ahead(spec, [(plan.passes * plan.pairs, plan.slots[0]) for plan in plans]))


def woven(spec: ScnnSpec, flat: list[np.ndarray], needs: list[np.ndarray], last: np.ndarray) -> np.ndarray:
    """Return the items of all lanes in beats: uint32 (beats, weight_lanes, F), filled up with 0.

    A word that is absent from its beat is F times `ABSENT`. No lane is sent a word that it can take only after words of
    another lane that come later: how far it may be ahead of the others is what :func:`ahead` says.

    Parameters
    ----------
    flat, needs : list of numpy.ndarray
        For each lane its items, and the pair of each of them.
    last : numpy.ndarray
        As :func:`ahead` returns it.
    """
    found = [np.pad(own, (0, -len(own) % spec.f)).reshape(-1, spec.f) for own in flat]
    order = dealt([need[::spec.f] for need in needs], last)
    stream = np.full((order.max() + 1 if len(order) else 0, spec.weight_lanes, spec.f), ABSENT, np.uint32)
    at = 0
    for lane, own in enumerate(found):
        stream[order[at:at + len(own)], lane] = own
        at += len(own)
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


def dealt(needs: list[np.ndarray], ahead: np.ndarray) -> np.ndarray:
    """Return the beats of all words, lane after lane.

    Parameters
    ----------
    needs : list of numpy.ndarray
        For each lane the pair of each word's first item, ascending.
    ahead : numpy.ndarray
        For each pair the last one whose words may go while words of it have not.
    """
    if len(needs) == 1:
        return np.arange(len(needs[0]))
    at, found, beat = [0] * len(needs), [np.zeros(len(need), np.int64) for need in needs], 0
    own = [need.tolist() for need in needs]
    open_ = [lane for lane, need in enumerate(own) if need]
    while open_:
        limit = ahead[min(own[lane][at[lane]] for lane in open_)]
        for lane in open_:
            if own[lane][at[lane]] <= limit:
                found[lane][at[lane]] = beat
                at[lane] += 1
        open_ = [lane for lane in open_ if at[lane] < len(own[lane])]
        beat += 1
    return np.concatenate(found)


def transfers(spec: ScnnSpec, stream: np.ndarray) -> np.ndarray:
    """Return the transfers of the weight port that carry a stream of items: uint8 (transfers, bytes), lowest byte first."""
    padding = spec.beat_words * spec.weight_port_bits - spec.beat_bits
    parts = []
    for first in range(0, len(stream), CHUNK):
        items = stream[first:first + CHUNK].reshape(-1, spec.weight_lanes * spec.f, 1)
        bits = (items >> np.arange(spec.entry_bits, dtype=np.uint32) & 1).astype(np.uint8).reshape(len(items), -1)
        if spec.weight_lanes > 1:
            bits = np.hstack((bits, (stream[first:first + CHUNK, :, 0] != ABSENT).astype(np.uint8)))
        packed = np.packbits(np.pad(bits, ((0, 0), (0, padding))), axis=1, bitorder="little")
        parts.append(packed.reshape(-1, spec.weight_port_bits // 8))
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
