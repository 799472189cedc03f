"""The documentation of a generated machine, written from its manifest alone."""

from collections.abc import Iterable, Sequence
from typing import Any

from spec.registers import from_data

PACKETS = ("A packet is a header word (type in bits 7:0, words of payload in 31:8, address in 63:32) and its "
           "payload; TLAST goes with its last word.")


def markdown(manifest: dict[str, Any]) -> str:
    """Return the documentation of the machine: parameters, ports, packets, memories, registers."""
    kept = [(f"`{key}`", _plain(value)) for key, value in (manifest["spec"] | manifest["facts"]).items()]
    parts = [
        f"# {manifest['name']}", f"A `{manifest['design']}` machine, made by {manifest['generator']}"
        + (f" with `{manifest['command']}`." if "command" in manifest else "."),
        "## Parameters", _table(("parameter", "value"), kept),
        "## Ports", "One clock, `clk`; `rst` is synchronous and active high.",
        _table(("port", "direction", "bits"),
               [(f"`{port['name']}`", port["direction"], port["bits"]) for port in manifest["ports"]])]
    if manifest["packets"]:
        parts += ["## Packets", PACKETS, _table(
            ("packet", "type"), [(f"`{name}`", number) for name, number in manifest["packets"].items()])]
    if manifest["memories"]:
        parts += ["## Memories", _table(("memory", "packet", "depth", "bits", "copies", "meaning"), [
            (f"`{entry['name']}`", f"`{entry['packet']}`", entry["depth"], entry["bits"], entry["copies"],
             entry["doc"]) for entry in manifest["memories"]])]
    parts += ["## Registers", "32 bits each, at byte offsets of the AXI4-Lite slave.", _registers(manifest)]
    return "\n\n".join(parts) + "\n"


def _registers(manifest: dict[str, Any]) -> str:
    rows: list[Sequence[object]] = []
    for register in from_data(manifest["design"], manifest["registers"]).registers:
        place = f"0x{register.offset:02x}" + (f", 0x{register.offset + 4:02x}" if register.words == 2 else "")
        rows.append((place, f"`{register.name}`", register.kind, "", f"{register.init:#x}", register.doc))
        for field, lsb in register.placed():
            bits = str(lsb) if field.bits == 1 else f"{lsb + field.bits - 1}:{lsb}"
            if field.doc != register.doc:
                rows.append(("", f"`{field.name}`", "", bits, "", field.doc))
    return _table(("offset", "register", "kind", "bits", "reset", "meaning"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
