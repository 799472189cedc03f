"""The registers in SystemRDL 2.0, from which the PeakRDL tools make decoders, documentation and models."""

from collections.abc import Iterator
from typing import Any

from rtl.package.word import Piece, Word, words
from spec.registers import WORD_BITS

PROPERTIES = {
    "constant": "sw = r; hw = na;", "rw": "sw = rw; hw = r;", "ro": "sw = r; hw = w;", "pulse": "sw = w; hw = r;",
    "w1c": "sw = rw; hw = r; onwrite = woclr;", "counter": "sw = r; hw = w;"}
"""What software and hardware do with a field, by the kind of its register."""

OF_A_BIT = {"pulse": " singlepulse;", "w1c": " hwset;"}
"""What may be said of a field of one bit besides: it is 1 for one cycle; the machine sets it."""

RESERVED = frozenset("""
    abstract accesstype accesswidth activehigh activelow addressing addressingtype addrmap alias alignment all alternate
    anded arbiter async bigendian bit boolean bothedge bridge byte compact component componentwidth constraint counter
    cpuif_reset decr decrsaturate decrthreshold decrvalue decrwidth default desc dontcompare donttest enable encode enum
    errextbus external false field field_reset fieldwidth fullalign halt haltenable haltmask hdl_path hdl_path_gate
    hdl_path_gate_slice hdl_path_slice hw hwclr hwenable hwmask hwset incr incrsaturate incrthreshold incrvalue incrwidth
    inside int internal intr ispresent level littleendian longint lsb0 lsbfirst mask maxvalue mem memwidth msb0 msbfirst na
    name negedge next nonsticky nonstickyintr number onread onreadtype onwrite onwritetype ored overflow overflowenable
    overflowmask overflowwidth paritycheck posedge precedence precedencetype property r rclr real ref reg regalign regfile
    rset rsvdset rsvdsetx ruser rw rw1 saturate shared sharedextbus shortint shortreal signal signalwidth signed singlepulse
    sticky stickybit string struct sw swacc swmod swwe swwel sync this threshold true type underflow unsigned userdefined w
    w1 wclr we wel with within woclr woset wot wr wset wuser wzc wzs wzt xored""".split())
"""Words of the language, and of its properties; a name among them is escaped."""


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the address map ``NAME`` in ``NAME.rdl``; a counter is two registers of 32 bits."""
    name = manifest["name"]
    body = "\n".join(line for word in words(manifest) for line in _register(word))
    return {f"{name}.rdl": (
        f"// Registers of {name}; {manifest['generator']}.\n"
        f"addrmap {escaped(name)} {{\n"
        f'    name = "{name}";\n'
        f'    desc = "Accelerator {manifest["design"]}, made by {manifest["generator"]}.";\n'
        f"    default regwidth = {WORD_BITS};\n    default accesswidth = {WORD_BITS};\n\n{body}}};\n")}


def escaped(name: str) -> str:
    """Return a name as SystemRDL takes it, whatever it means there."""
    return f"\\{name}" if name in RESERVED else name


def text(value: str) -> str:
    """Return a text as a literal."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _register(word: Word) -> Iterator[str]:
    yield f"    reg {{\n        desc = {text(word.doc)};"
    for piece in word.pieces:
        yield from _field(word, piece)
    yield f"    }} {escaped(word.name)} @ 0x{word.offset:x};\n"


def _field(word: Word, piece: Piece) -> Iterator[str]:
    extra = OF_A_BIT.get(word.kind, "") if piece.bits == 1 else ""
    yield f"        field {{\n            desc = {text(piece.doc)};\n            {PROPERTIES[word.kind]}{extra}"
    reset = "" if word.init is None else f" = {piece.bits}'h{piece.init:x}"
    yield f"        }} {escaped(piece.name)}[{piece.lsb + piece.bits - 1}:{piece.lsb}]{reset};"
