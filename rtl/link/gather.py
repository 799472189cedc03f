"""The states that read a request byte by byte, check it, and go where its kind says."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Signal

from rtl.bus.port import AXIL_ADDRESS_BITS
from spec import link
from spec.link import ABOUT, BOOT_END, DATA, LAST, OPEN, READ, TAKE, WRITE

GATHERED = {OPEN: 8, WRITE: 6, READ: 2, DATA: 8, LAST: 8, TAKE: 1, ABOUT: 2}
"""Bytes of a request gathered before it acts; those of ``OPEN`` run on into its CRC, so that its nonce lies lowest."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a bridge reads bytes of a slot, or of the requests that it begins with.

    Parameters
    ----------
    place : Signal
        Of the next byte.
    step : Signal
        Reads it.
    byte, fresh : Signal
        The byte read last; it is there.
    booting : Signal
        Bytes come from the requests that the bridge begins with.
    """

    place: Signal
    step: Signal
    byte: Signal
    fresh: Signal
    booting: Signal


def fits(m, now):
    """Return whether a request of this kind may end where this one does."""
    end, allowed = now.end, Signal(name="fits")
    with m.Switch(now.kind):
        for number, size in link.SIZES.items():
            with m.Case(number):
                m.d.comb += allowed.eq(end == link.REQUEST_HEADER + size)
        with m.Case(DATA, LAST):
            m.d.comb += allowed.eq((end[:3] == link.REQUEST_HEADER) & (end[3:] != 0))
    return allowed


def states(m, bridge, now, read, allowed):
    """Add the states that read kind and end of a request, check them, and gather the bytes it acts on."""
    with m.State("KIND"):
        m.d.comb += bridge.composing.eq(1)
        with m.If(read.fresh):
            m.d.comb += read.step.eq(1)
            m.d.sync += now.kind.eq(read.byte)
            m.next = "SIZE"
    with m.State("SIZE"):
        m.d.comb += bridge.composing.eq(1)
        with m.If(read.fresh):
            m.d.sync += now.end.eq(read.byte)
            m.next = "CHECK"
    with m.State("CHECK"):
        m.d.comb += bridge.composing.eq(1)
        m.d.sync += now.more.eq(now.end[3:])
        with m.Switch(now.kind):
            for number, size in GATHERED.items():
                with m.Case(number):
                    m.d.sync += now.left.eq(size)
        with m.If(read.booting & (now.kind == BOOT_END)):
            m.d.sync += [
                read.booting.eq(0),
                read.place.eq(0),
            ]
            m.next = "IDLE"
        with m.Elif(allowed):
            m.d.comb += read.step.eq(1)
            m.next = "GATHER"
        with m.Else():
            now.finish(m, link.MALFORMED)
    with m.State("GATHER"):
        m.d.comb += bridge.composing.eq(1)
        with m.If(read.fresh):
            m.d.sync += [
                now.word.eq(Cat(now.word[8:], read.byte)),
                now.left.eq(now.left - 1),
            ]
            with m.If(now.left != 1):
                m.d.comb += read.step.eq(1)
            with m.Else():
                act(m, now, read.byte)


def act(m, now, byte):
    """Go where the kind says."""
    beyond = byte[AXIL_ADDRESS_BITS - 8:] != 0        # of the address, whose high byte was read last
    with m.Switch(now.kind):
        with m.Case(OPEN):
            m.d.sync += now.left.eq(link.SIZES[OPEN])
            m.next = "EMIT"
        for kind, state in (WRITE, "WRITE"), (READ, "READ"):
            with m.Case(kind):
                m.next = state
                with m.If(beyond):
                    now.finish(m, link.REFUSED)
        with m.Case(DATA, LAST):
            m.next = "STREAM"
        with m.Case(TAKE):
            m.d.sync += now.more.eq(byte)
            m.next = "TAKE"
            with m.If((byte == 0) | (byte > link.PAYLOAD // link.WORD_BYTES)):
                now.finish(m, link.MALFORMED)
        with m.Default():
            m.next = "LOOK"
