"""Registers around any module, so that its pins neither run out nor bind its clock.

Three pins remain: a clock, a serial input that fills a shift register feeding every input of the module,
and a serial output that ends a signature register into which every output is folded.
"""

from dataclasses import dataclass

NAME = "harness"
INSTANCE = "dut"
CLOCK, RESET = "clk", "rst"


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the module: its name, its side and its width."""

    name: str
    output: bool
    width: int


def ports(netlist: dict, top: str) -> list[Port]:
    """Return the ports of a module in Yosys's JSON, in order; one that goes both ways is refused."""
    for name, port in netlist["modules"][top]["ports"].items():
        if port["direction"] not in ("input", "output"):
            raise ValueError(f"port {name} of module {top} must be an input or an output, not {port['direction']}; "
                             f"wrap the module in one that splits it")
    return [Port(name=name, output=port["direction"] == "output", width=len(port["bits"]))
            for name, port in netlist["modules"][top]["ports"].items()]


def wrap(top: str, found: list[Port]) -> str:
    """Return Verilog of the harness around ``top``.

    It costs a flip-flop a bit of input, and a flip-flop and a look-up table a bit of output; a module without
    outputs, or without a clock of the name ``clk``, is refused.
    """
    if not any(port.name == CLOCK and not port.output for port in found):
        raise ValueError(f"module {top} must have an input {CLOCK}, not only "
                         f"{', '.join(p.name for p in found) or 'nothing'}; without it there is no frequency")
    ins = [port for port in found if not port.output and port.name != CLOCK]
    outs = [port for port in found if port.output]
    if not outs:
        raise ValueError(f"module {top} must have an output, or synthesis leaves nothing of it")
    width_in, width_out = sum(p.width for p in ins), sum(p.width for p in outs)
    wires, low = [f"    .{_safe(CLOCK)}({CLOCK})"], 0
    for port in ins:
        wires.append(f"    .{_safe(port.name)}(feed[{low + port.width - 1}:{low}])")
        low += port.width
    low = 0
    for port in outs:
        wires.append(f"    .{_safe(port.name)}(seen[{low + port.width - 1}:{low}])")
        low += port.width
    feed = (f"  reg [{width_in - 1}:0] feed;\n  always @(posedge clk) feed <= {{feed, si}};\n" if ins else "")
    return (f"module {NAME} (input wire clk, input wire si, output wire so);\n{feed}"
            f"  wire [{width_out - 1}:0] seen;\n  reg [{width_out - 1}:0] fold;\n"
            f"  always @(posedge clk) fold <= {{fold, si}} ^ seen;\n  assign so = fold[{width_out - 1}];\n"
            f"  {top} {INSTANCE} (\n" + ",\n".join(wires) + "\n  );\nendmodule\n")


def _safe(name: str) -> str:
    return name if name.replace("_", "a").isalnum() else f"\\{name} "
