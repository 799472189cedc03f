"""Ports with the names of the AXI standard, and the wiring of such ports through a hierarchy."""

from collections.abc import Mapping

from amaranth.hdl import Module, Shape
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.framing import WORD_BITS, WORD_BYTES
from spec.registers import WORD_BITS as REGISTER_BITS
from spec.registers import WORD_BYTES as REGISTER_BYTES

AXIL_ADDRESS_BITS = 12
"""Width of a register address: a page of 4 KiB, the least that a host maps; most of it is unmapped."""

INTERFACES = {
    "s_axil": ("aximm:1.0", f"PROTOCOL AXI4LITE, DATA_WIDTH {REGISTER_BITS}, ADDR_WIDTH {AXIL_ADDRESS_BITS}"),
    "s_axis": ("axis:1.0", f"TDATA_NUM_BYTES {WORD_BYTES}, HAS_TLAST 1, HAS_TREADY 1"),
    "m_axis": ("axis:1.0", f"TDATA_NUM_BYTES {WORD_BYTES}, HAS_TKEEP 1, HAS_TLAST 1, HAS_TREADY 1"),
}
"""Prefix of each bus interface -> its kind and its parameters, as Vivado names them."""


def axil_slave(prefix: str = "s_axil", address_bits: int = AXIL_ADDRESS_BITS) -> dict[str, wiring.Member]:
    """Return the members of an AXI4-Lite slave of 32 bits, such as ``s_axil_awaddr``."""
    channels = {
        "awaddr": In(address_bits), "awprot": In(3), "awvalid": In(1), "awready": Out(1),
        "wdata": In(REGISTER_BITS), "wstrb": In(REGISTER_BYTES), "wvalid": In(1), "wready": Out(1),
        "bresp": Out(2), "bvalid": Out(1), "bready": In(1),
        "araddr": In(address_bits), "arprot": In(3), "arvalid": In(1), "arready": Out(1),
        "rdata": Out(REGISTER_BITS), "rresp": Out(2), "rvalid": Out(1), "rready": In(1),
    }
    return {f"{prefix}_{name}": member for name, member in channels.items()}


def axis_slave(prefix: str = "s_axis") -> dict[str, wiring.Member]:
    """Return the members of an AXI4-Stream slave of 64 bits, such as ``s_axis_tdata``."""
    channel = {"tdata": In(WORD_BITS), "tvalid": In(1), "tready": Out(1), "tlast": In(1)}
    return {f"{prefix}_{name}": member for name, member in channel.items()}


def axis_master(prefix: str = "m_axis") -> dict[str, wiring.Member]:
    """Return the members of an AXI4-Stream master of 64 bits, with ``tkeep`` for a last word half full."""
    channel = {"tdata": Out(WORD_BITS), "tkeep": Out(WORD_BYTES), "tvalid": Out(1), "tready": In(1),
               "tlast": Out(1)}
    return {f"{prefix}_{name}": member for name, member in channel.items()}


def front_end() -> dict[str, wiring.Member]:
    """Return all that a machine shows its host besides ``clk`` and ``rst``."""
    return axil_slave() | axis_slave() | axis_master() | {"irq": Out(1)}


def streams(members: Mapping[str, wiring.Member]) -> dict[str, int]:
    """Return the prefixes of streams that a machine has beside those of :func:`front_end`, with the bits of their data."""
    return {name.removesuffix("_tdata"): Shape.cast(member.shape).width for name, member in members.items()
            if name.endswith("_tdata") and name.removesuffix("_tdata") not in INTERFACES}


def attributes(members: Mapping[str, wiring.Member] | None = None) -> dict[str, str]:
    """Return, for each port of a machine and for clock and reset, the Verilog attribute by which Vivado knows it.

    Its block design then shows the bus interfaces, their clock and the polarity of the reset (UG994, user-defined modules).
    Other tools ignore them.

    Parameters
    ----------
    members : mapping, optional
        The machine's ports; those of :func:`front_end` if not given.
    """
    members = front_end() if members is None else members
    interfaces = INTERFACES | {prefix: ("axis:1.0", f"TDATA_NUM_BYTES {bits // 8}, HAS_TLAST 0, HAS_TREADY 1")
                               for prefix, bits in streams(members).items()}
    signals = {
        "clk": ("signal:clock:1.0 clk CLK", f"ASSOCIATED_BUSIF {':'.join(interfaces)}, ASSOCIATED_RESET rst"),
        "rst": ("signal:reset:1.0 rst RST", "POLARITY ACTIVE_HIGH"),
        "irq": ("signal:interrupt:1.0 irq INTERRUPT", "SENSITIVITY LEVEL_HIGH")}
    for name in members:
        if name not in signals:
            prefix, _, channel = name.rpartition("_")
            if prefix not in interfaces:
                continue                                    # a block of its own has ports beside its interfaces
            first = channel in ("awaddr", "tdata")          # one port says what goes for the whole interface
            parameter = interfaces[prefix][1] if first else ""
            signals[name] = f"interface:{interfaces[prefix][0]} {prefix} {channel.upper()}", parameter
    return {name: f'(* X_INTERFACE_INFO = "xilinx.com:{what}"' + (f', X_INTERFACE_PARAMETER = "{more}"' if more else "") + " *)"
            for name, (what, more) in signals.items()}


def pass_through(m: Module, outer: wiring.Component, inner, prefix: str) -> None:
    """Let the ports of ``inner`` that begin with a prefix be those of ``outer``, which contains it.

    Parameters
    ----------
    m : Module
        The body of ``outer``.
    outer : wiring.Component
    inner : wiring.Component or interface
        Has ports of the same names.
    prefix : str
    """
    names = [name for name in outer.signature.members if name.startswith(f"{prefix}_")]
    if not names:
        raise ValueError(f"prefix must be one of a port of {type(outer).__name__}, not {prefix!r}")
    for name in names:
        mine, its = getattr(outer, name), getattr(inner, name)
        if len(mine) != len(its):
            raise ValueError(f"width of {name} must be {len(its)} as inside, not {len(mine)}")
        m.d.comb += its.eq(mine) if outer.signature.members[name].flow == In else mine.eq(its)
