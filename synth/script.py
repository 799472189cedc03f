"""Yosys scripts: one that looks a design over, and one a family that maps it to the family's cells."""

from collections.abc import Iterable, Sequence

from synth.harness import INSTANCE, NAME

SYNTH = {
    "ecp5": "synth_ecp5",
    "ice40": "synth_ice40",
    "gowin": "synth_gowin -noiopads",
    "xc7": "synth_xilinx -family xc7 -noiopad",
}
"""What maps a design to each family, before the options that depend on the design."""

PADS = {"gowin": (f"iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O {NAME}",)}
"""Pads for the harness alone, where synthesis would give them to every kept module."""


def _read(files: Iterable[str], top: str, *, complete: bool = True) -> list[str]:
    return [*(f"read_verilog -nooverwrite {name}" for name in files),
            f"hierarchy {'-check ' if complete else ''}-top {_name(top)}"]


def survey(files: Iterable[str], top: str) -> str:
    """Return the script that writes the sizes of all modules and the ports of the top one."""
    return "\n".join([*_read(files, top), "proc", "opt_clean", "tee -q -o sizes.json stat -json",
                      f"select {_name(top)}", "write_json -selected ports.json", ""])


def synthesis(family: str, files: Iterable[str], *, keep: Iterable[str], collision_free: bool,
              late: Sequence[str] = (), options: Iterable[str] = (), purge: bool = False,
              complete: bool = True, delay: int = 0) -> str:
    """Return the script that maps the harness around a design and writes ``net.json``.

    Modules named in ``keep`` are mapped once and stay modules; everything else is flattened into its parent.
    Files in ``late`` hold cells that are put in last, when all logic is mapped. ``purge`` drops the names of wires that
    have another before logic is mapped. A harness that is not ``complete`` calls cells of the family, which come with mapping.
    ``delay`` is that of `synth.design.Design`, where ABC9 maps.
    """
    command = [SYNTH[family], f"-top {NAME}", *options]
    if collision_free and family != "xc7":
        command.append("-no-rw-check")
    return "\n".join([
        *_read(files, NAME, complete=complete),
        *([f"scratchpad -set abc9.D {delay}"] if delay else []),
        *(f"setattr -mod -set keep_hierarchy 1 {_name(module)}" for module in keep),
        *([" ".join([*command, "-run begin:map_luts"]), "opt_clean -purge", " ".join([*command, "-run map_luts:"])]
          if purge else [" ".join(command)]),
        *(f"techmap -map {file}" for file in late), *(["clean"] if late else []),
        *PADS.get(family, ()),
        "check -mapped",
        "tee -q -o cells.json stat -json",
        "write_json net.json",
        f"delete {NAME}",
        "write_verilog -noattr netlist.v", ""])


def _name(module: str) -> str:
    return module if module.startswith("$") else f"\\{module}"


def unit_name(module: str) -> str:
    """Return a module's name as a user wrote it: without Yosys's escapes and parameter lists."""
    plain = module.removeprefix("\\")
    if plain.startswith("$paramod"):
        plain = next(part for part in plain.split("\\")[1:] if part)
    return plain


__all__ = ["INSTANCE", "SYNTH", "survey", "synthesis", "unit_name"]
