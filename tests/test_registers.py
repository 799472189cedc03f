"""The register description and the framing of streams: what is legal, what comes back, what is refused."""
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.bus.kinds import KINDS
from spec.framing import Header, Packet, header, packets, to_bytes, to_words
from spec.registers import Field, Register, RegisterMap, from_data


def test_registers_follow_each_other_and_counters_take_two_words():
    assert [(r.name, r.offset, r.words) for r in KINDS.registers] == [
        ("id", 0, 1), ("control", 4, 1), ("status", 8, 1), ("errors", 12, 1), ("layers", 16, 1),
        ("cycles", 20, 2), ("shift", 28, 1)]
    assert KINDS.address_bits == 5


def test_fields_stand_from_bit_zero_upwards():
    assert [(f.name, lsb) for f, lsb in KINDS["status"].placed()] == [("layer", 0), ("busy", 8)]
    assert KINDS["layers"].init == 3


def test_every_name_has_its_number():
    numbers = KINDS.constants()
    assert numbers["CONTROL"] == 4 and numbers["CONTROL_RESET_LSB"] == 1
    assert numbers["STATUS_LAYER_MASK"] == 0xFF and numbers["STATUS_BUSY_MASK"] == 0x100
    assert (numbers["CYCLES_LO"], numbers["CYCLES_HI"]) == (20, 24) and "CYCLES" not in numbers


def test_a_map_survives_json():
    assert from_data("kinds", json.loads(json.dumps(KINDS.as_data()))) == KINDS


def register(**changes):
    return Register(**{"name": "r", "offset": 0, "kind": "rw", "doc": "", "fields": (
        Field(name="a", bits=8, doc=""),)} | changes)


@pytest.mark.parametrize(("make", "error", "text"), [
    (lambda: Field(name="A", bits=1, doc=""), ValueError, "name of a field must be .* not 'A'"),
    (lambda: Field(name="a", bits=0, doc=""), ValueError, "bits of field a must be in 1..64, not 0"),
    (lambda: Field(name="a", bits=2, doc="", init=4), OverflowError, "init of field a must .* 2 bits, not 4"),
    (lambda: register(kind="wo"), ValueError, "kind of r must be one of constant, .* not 'wo'"),
    (lambda: register(offset=6), ValueError, "offset of r must be a multiple of 4, not 0x6"),
    (lambda: register(fields=()), ValueError, "register r must have a field"),
    (lambda: register(fields=(Field(name="a", bits=20, doc=""), Field(name="b", bits=13, doc=""))),
     ValueError, "fields of r must fit 32 bits, not 33"),
    (lambda: register(fields=register().fields * 2), ValueError, "different names, not a, a"),
    (lambda: register(kind="ro", fields=(Field(name="a", bits=1, doc="", init=1),)), ValueError,
     "init of r must be 0 for kind ro"),
    (lambda: RegisterMap(name="m", registers=(register(), register(name="s"))), ValueError,
     "offset of s must be at least 0x4, not 0x0"),
    (lambda: RegisterMap(name="m", registers=(register(), register(offset=4))), ValueError, "not r twice"),
    (lambda: KINDS["stat"], ValueError, "must be one of id, control, .* not 'stat'"),
    (lambda: Header(type=256, length=1), OverflowError, r"type of a packet must be in 0\.\.255, not 256"),
    (lambda: Header(type=1, length=1 << 24), OverflowError, "length of a packet must be in"),
    (lambda: header(1, 1, -1), OverflowError, "address of a packet must be in .* not -1"),
    (lambda: Header(type=1, length=0), ValueError, "length of a packet must be at least 1, not 0"),
    (lambda: Packet(type=1, address=0, payload=(1 << 64,)).words(), OverflowError, "64 bits, not 18446744"),
    (lambda: list(packets([Header(type=2, length=3).pack(), 1])), ValueError, "must have 3 words, not 1"),
])
def test_what_is_wrong_is_named(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_the_header_is_where_the_table_says():
    assert header(0xAB, 0x123456, 0xDEADBEEF) == 0xDEADBEEF_123456AB
    assert Header.unpack(0xDEADBEEF_123456AB) == Header(type=0xAB, length=0x123456, address=0xDEADBEEF)


words = st.integers(0, 2**64 - 1)
packet = st.builds(Packet, type=st.integers(0, 255), address=st.integers(0, 2**32 - 1),
                   payload=st.lists(words, min_size=1, max_size=5).map(tuple))


@given(st.lists(packet, max_size=4))
def test_packets_come_back(sent):
    stream = [word for one in sent for word in one.words()]
    assert to_words(to_bytes(stream)) == stream
    assert list(packets(stream)) == sent
