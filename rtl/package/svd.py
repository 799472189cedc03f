"""The registers in CMSIS-SVD, which debuggers show and from which Rust and C projects make their access layers."""

from typing import Any
from xml.etree.ElementTree import Element

from rtl.package.word import Piece, Word, size, words
from rtl.package.xml import document, element, many
from spec import VERSION
from spec.registers import WORD_BITS

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return a device with one peripheral at address 0 in ``NAME.svd``; the system has its own base address and interrupt."""
    name = manifest["name"]
    about = f"Accelerator {manifest['design']}, made by {manifest['generator']}."
    peripheral = element(
        "peripheral", element("name", name.upper()), element("description", about), element("baseAddress", "0x0"),
        element("addressBlock", element("offset", "0x0"), element("size", f"0x{size(manifest):x}"),
                element("usage", "registers")),
        element("interrupt", element("name", name.upper()), element("description", "Any flag is set, if enabled."),
                element("value", 0)),
        many("registers", map(_register, words(manifest))))
    device = element(
        "device", element("name", name), element("version", VERSION), element("description", about),
        element("addressUnitBits", 8), element("width", WORD_BITS), element("peripherals", peripheral),
        schemaVersion="1.3", **{"xmlns:xs": INSTANCE, "xs:noNamespaceSchemaLocation": "CMSIS-SVD.xsd"})
    return {f"{name}.svd": document(device)}


def _register(word: Word) -> Element:
    known = 0 if word.init is None else sum(piece.mask for piece in word.pieces)
    return element(
        "register", element("name", word.name), element("description", word.doc),
        element("addressOffset", f"0x{word.offset:x}"), element("size", WORD_BITS), element("access", word.access),
        element("resetValue", f"0x{word.init or 0:08x}"), element("resetMask", f"0x{known:08x}"),
        many("fields", (_field(word, piece) for piece in word.pieces)))


def _field(word: Word, piece: Piece) -> Element:
    written = element("modifiedWriteValues", "oneToClear") if word.kind == "w1c" else None
    return element(
        "field", element("name", piece.name), element("description", piece.doc),
        element("bitRange", f"[{piece.lsb + piece.bits - 1}:{piece.lsb}]"), element("access", word.access), written)
