"""Queue, buffer and detection of the array proved for every input at small sizes; broken ones are refuted."""
import re
from pathlib import Path

import pytest

from rtl.eie.lnzd import LnzdLeaf, LnzdNode
from rtl.eie.queue import ActivationQueue
from rtl.eie.token import TokenBuffer
from rtl.emit import Library
from sim.proof import prove
from spec.eie import EieSpec, ceil_log2

TINY = {"pes": 4, "act_bits": 4, "weight_bits": 4, "acc_bits": 8, "entries": 64, "columns": 16, "slots": 4, "word_bits": 32}
QUEUES = [(1, 5), (2, 5), (2, 7)]           # broadcast_latency, queue_depth
STATE = {"queue": ("write", "read", "level", "left"), "buffer": ("entry0", "entry1", "write", "read", "full")}


def text(make, module):
    library = Library()
    library.add(make(library), module=module)
    return library.verilog()


def queue(delay, depth):
    spec = EieSpec(**TINY, broadcast_latency=delay, queue_depth=depth)
    return text(lambda library: ActivationQueue(spec, library), "queue")


def check(name, **defines):
    lines = [f"`define {key} {value}\n" for key, value in defines.items()]
    return "".join(lines) + (Path(__file__).parent / f"proof_{name}.sv").read_text()


def queue_check(delay, depth, **more):
    bits = ceil_log2(depth)
    source = check("queue", DELAY=delay, DEPTH=depth, BITS=bits, **more)
    level = depth.bit_length() - 1
    return source.replace("wire [3:0] level;", f"wire [{level}:0] level;")


SMALL = EieSpec(**TINY)
BOUNDED = {                                 # cycles from reset: in a quick run, and in a full one, which sees every scan end
    "leaf": (lambda: text(lambda library: LnzdLeaf(SMALL, library, 3), "leaf"), 11, 14),
    "node": (lambda: text(lambda library: LnzdNode(SMALL, library, 2, 2), "node"), 10, 14),
}


def buffer(direct=0):
    return text(lambda _: TokenBuffer(4, direct=direct), "buffer")


@pytest.mark.parametrize("direct", [0, 2])
def test_buffer_holds_for_ever(direct):
    prove(design=buffer(direct), check=check("buffer"), depth=3, exposed={"buffer": STATE["buffer"]})


@pytest.mark.parametrize(("delay", "depth"), QUEUES)
def test_queue_never_overflows(delay, depth):
    prove(design=queue(delay, depth), check=queue_check(delay, depth), depth=2 * delay + 4, exposed={"queue": STATE["queue"]})


@pytest.mark.parametrize("depth", [9, pytest.param(16, marks=pytest.mark.full)])
def test_queue_keeps_order(depth):
    """The longer run is long enough that every place of its memory is written twice."""
    prove(design=queue(1, 4), check=queue_check(1, 4, ORDER=1), depth=depth, exposed={"queue": STATE["queue"]}, bounded=True)


@pytest.mark.parametrize("name", BOUNDED)
def test_detection_gives_every_non_zero_once(name):
    make, depth, _ = BOUNDED[name]
    prove(design=make(), check=check(name), depth=depth, bounded=True)


@pytest.mark.full
@pytest.mark.parametrize("name", BOUNDED)
def test_detection_ends(name):
    make, _, depth = BOUNDED[name]
    prove(design=make(), check=check(name), depth=depth, bounded=True)


BROKEN = {
    "buffer": (buffer, lambda: check("buffer"), r"assign i__ready = .*;", "assign i__ready = 1'b1;"),
    "leaf": (BOUNDED["leaf"][0], lambda: check("leaf"), r"assign load = .*;", "assign load = 1'b1;"),
    "node": (BOUNDED["node"][0], lambda: check("node"), r"assign served = .*;", "assign served = 1'b1;"),
    "queue": (lambda: queue(1, 5), lambda: queue_check(1, 5), r"assign stop = .*;", "assign stop = 1'b0;"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_refuted(name):
    make, checked, wire, wrong = BROKEN[name]
    broken, count = re.subn(wire, wrong, make())
    assert count == 1
    with pytest.raises(AssertionError, match=r"Assert failed in check: check\.sv:(\d+)"):
        prove(design=broken, check=checked(), depth=12, exposed={name: STATE[name]} if name in STATE else None, bounded=True)
