"""The registers as a C header: offsets, lowest bits and masks of fields, types of packets."""

from typing import Any

from spec.registers import from_data


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the header ``NAME.h``; its macros begin with the name of the machine, ``EIE_`` in every build of an EIE array."""
    name = manifest["name"]
    numbers = from_data(manifest["design"], manifest["registers"]).constants()
    numbers |= {f"PACKET_{packet.upper()}": number for packet, number in manifest["packets"].items()}
    prefix = manifest["design"].upper()
    wide = max(len(f"{prefix}_{key}") for key in numbers)
    lines = [f"#define {f'{prefix}_{key}':<{wide}} 0x{number:08x}u" for key, number in numbers.items()]
    guard = f"{name}_h".upper()
    return {f"{name}.h": f"/* Registers of {name}: byte offsets, lowest bits and masks; {manifest['generator']}. */\n"
                         f"#ifndef {guard}\n#define {guard}\n\n" + "\n".join(lines) + f"\n\n#endif /* {guard} */\n"}
