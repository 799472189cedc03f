"""The stream: a host that unpacks the packets by the specification finds the image again."""
import numpy as np
import pytest

from compress.eie.stream import activation_packet, image_packets, matrix_words
from spec.eie import LAYER_FIELDS, PACKET_PE_SHIFT, PACKETS
from spec.framing import packets
from tests.compress_sample import sample, small


class Host:
    """Memories of a machine, filled word by word with Python integers."""

    def __init__(self, spec, stream):
        self.spec, self.books, self.layers, self.order = spec, {}, {}, []
        self.pointers, self.words, self.activations = {}, {}, {}
        for packet in packets(int(word) for word in np.concatenate(stream)):
            kind = next(name for name, number in PACKETS.items() if number == packet.type)
            self.order.append(kind)
            getattr(self, f"_{kind}")(packet.address, packet.payload)

    def _codebook(self, address, payload):
        self.books[address] = [self.signed(word >> 16 * k, 16) for word in payload for k in range(4)]

    def _layer(self, address, payload):
        low, high = payload
        whole = low | high << 64
        self.layers[address] = {name: whole >> at & (1 << bits) - 1
                                for name, (at, bits) in LAYER_FIELDS.items()}

    def _pointers(self, address, payload):
        bits = self.spec.pointer_field_bits
        pe, place = address >> PACKET_PE_SHIFT, address & (1 << PACKET_PE_SHIFT) - 1
        for word in payload:
            for k in range(64 // bits):
                self.pointers[pe, place] = word >> bits * k & (1 << bits) - 1
                place += 1

    def _words(self, address, payload):
        pe, place = address >> PACKET_PE_SHIFT, address & (1 << PACKET_PE_SHIFT) - 1
        parts = max(1, self.spec.word_bits // 64)
        assert len(payload) % parts == 0
        for k in range(0, len(payload), parts):
            word = sum(part << 64 * i for i, part in enumerate(payload[k:k + parts]))
            assert word < 1 << self.spec.word_bits
            self.words[pe, place + k // parts] = word

    def _activations(self, address, payload):
        for k in range(4 * len(payload)):
            slot, pe = divmod(k, self.spec.pes)
            self.activations[pe, address + slot] = self.signed(payload[k // 4] >> k % 4 * 16, 16)

    @staticmethod
    def signed(value, bits):
        value &= (1 << bits) - 1
        return value - (value >> bits - 1 << bits)

    def entry(self, pe, place):
        word, k = divmod(place, self.spec.word_entries)
        return self.words[pe, word] >> k * self.spec.entry_bits & (1 << self.spec.entry_bits) - 1


SPECS = {
    "8 bits in 64": {}, "8 bits in 32": {"word_bits": 32}, "8 bits in 128": {"word_bits": 128},
    "9 bits in 64": {"codebook_bits": 5}, "9 bits in 128": {"codebook_bits": 5, "word_bits": 128},
    "2 bits in 64": {"codebook_bits": 1, "index_bits": 1, "entries": 4096},
    "16 bits in 32": {"codebook_bits": 8, "index_bits": 8, "word_bits": 32},
    "one PE": {"pes": 1, "slots": 64}, "three PEs": {"pes": 3}, "wide pointers": {"entries": 1 << 17},
}


@pytest.mark.parametrize("name", SPECS)
def test_a_host_finds_the_image_again(name):
    spec = small(**SPECS[name])
    image = sample(spec)
    host = Host(spec, image_packets(image))
    size = 1 << spec.codebook_bits
    assert [host.books[k][:size] for k in range(len(host.books))] == image.codebooks.tolist()
    for number, layer in enumerate(image.layers):
        wanted = {name: int(getattr(layer, name)) for name in LAYER_FIELDS if name != "bias"}
        assert host.layers[number] == wanted | {"bias": int(layer.bias is not None)}
        first = layer.entry_base
        if layer.bias is not None:
            for p, bias in enumerate(layer.bias):
                slot, pe = divmod(p, spec.pes)
                word, k = divmod(slot, spec.word_bits // 32)
                assert host.signed(host.words[pe, first + word] >> 32 * k, 32) == bias
            first += -(-layer.out_slots // (spec.word_bits // 32))
        rest = iter(layer.entries.tolist())
        for pe in range(spec.pes):
            start = first * spec.word_entries
            for column in range(spec.pes * layer.in_slots):
                end = host.pointers[pe, layer.pointer_base + column]
                for place in range(start, end):
                    assert host.entry(pe, place) == next(rest)
                start = end
        assert next(rest, None) is None


def test_pointers_wrap_where_the_memory_ends():
    spec = small(pes=1, slots=16, entries=64)
    image = sample(spec, sizes=(8, 8), density=1, bias=(False,))
    host = Host(spec, image_packets(image))
    assert [host.pointers[0, column] for column in range(8)] == [8, 16, 24, 32, 40, 48, 56, 0]


def test_a_layer_without_entries_and_biases_sends_no_words():
    image = sample(sizes=(8, 8), density=0, bias=(False,))
    assert Host(image.spec, image_packets(image)).order == ["codebook"] * 2 + ["layer"] + ["pointers"] * 4


def test_known_words():
    spec = small(codebook_bits=5)
    layer = sample(spec, sizes=(8, 8), bias=(False,)).layers[0]
    entries = np.array([0b1111_00000, 0b0001_11111, 0, 1, 0x1FF], np.uint16)
    assert [hex(word) for word in matrix_words(layer, 0, entries, spec)] == ["0x8007fe0", "0x1ff"]


@pytest.mark.parametrize("pes", [1, 3, 4, 64])
def test_activations_fill_whole_slots_in_ascending_order(pes):
    spec = small(pes=pes, slots=64)
    vector = np.array([-32768, 32767, 0, -1, 5, 6, -7], np.int16)
    host = Host(spec, [activation_packet(vector, spec, slot=2)])
    slots = -(-7 // pes)
    for p in range(slots * pes):
        slot, pe = divmod(p, pes)
        assert host.activations[pe, 2 + slot] == (vector[p] if p < 7 else 0)
    assert len(host.activations) - slots * pes < 4          # filled to a whole stream word


@pytest.mark.parametrize(("values", "slot", "error", "text"), [
    (np.zeros(3), 0, TypeError, "activations must be a vector of integers, not 1-dimensional float64"),
    (np.zeros((2, 2), int), 0, TypeError, "activations must be a vector of integers, not 2-dimensional"),
    (np.zeros(65, int), 0, ValueError, "activations must be 1 to 64 from slot 0 on, not 65"),
    (np.zeros(5, int), 15, ValueError, "activations must be 1 to 4 from slot 15 on, not 5"),
    (np.zeros(0, int), 0, ValueError, "activations must be 1 to 64 from slot 0 on, not 0"),
    (np.array([32768]), 0, OverflowError, "activations must be -32768 to 32767, not 32768"),
    (np.array([-32769]), 0, OverflowError, "activations must be -32768 to 32767, not -32769"),
])
def test_activations_that_do_not_fit_are_refused(values, slot, error, text):
    with pytest.raises(error, match=text):
        activation_packet(values, small(), slot=slot)
