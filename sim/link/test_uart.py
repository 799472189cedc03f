"""Bytes on a serial line, at the least divisor and at usual ones."""
import pytest

from rtl.link.uart import Receiver, Sender
from sim.bus.test_bus import text
from sim.launch import launch


@pytest.mark.parametrize("divisor", [8, *(pytest.param(number, marks=pytest.mark.full) for number in (17, 33, 868))])
def test_receiver(divisor):
    launch(sources=[text(Receiver(divisor), "receiver")], top="receiver", module="sim.link.bench_uart", at_least=7,
           env={"DIVISOR": divisor})


@pytest.mark.parametrize("divisor", [4, 33])
def test_sender(divisor):
    launch(sources=[text(Sender(divisor), "sender")], top="sender", module="sim.link.bench_sender", at_least=2,
           env={"DIVISOR": divisor})


@pytest.mark.parametrize("part", [Receiver, Sender])
def test_a_divisor_too_small_is_named(part):
    with pytest.raises(ValueError, match="divisor must be at least 4 cycles per bit, not 3; choose a lower rate"):
        part(3)
