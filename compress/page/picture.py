"""Pictures for the page: where a layer has weights, and what each PE has to do, as text that HTML holds."""

import base64
import struct
import zlib

import numpy as np

EDGE = 96           # cells of a map along each side at most


def density_map(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> str:
    """Return a PNG as a data URL: dark where many weights are kept, one pixel for each of at most 96 x 96 parts."""
    high, wide = min(EDGE, shape[0]), min(EDGE, shape[1])
    cell = rows * high // shape[0] * wide + columns * wide // shape[1]
    found = np.bincount(cell, minlength=high * wide).reshape(high, wide).astype(float)
    room = np.outer(np.bincount(np.arange(shape[0]) * high // shape[0]), np.bincount(np.arange(shape[1]) * wide // shape[1]))
    share = found / room
    grey = 255 - np.rint(235 * share / (share.max() or 1)).astype(np.uint8)
    return "data:image/png;base64," + base64.b64encode(png(grey)).decode()


def png(grey: np.ndarray) -> bytes:
    """Return grey values as a PNG."""
    high, wide = grey.shape
    lines = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def bars(values: np.ndarray, width: int = 260, height: int = 60) -> str:
    """Return bars of one colour from 0 to the largest value, as SVG."""
    top, step = float(values.max()) or 1.0, width / len(values)
    drawn = "".join(f'<rect x="{k * step:.2f}" y="{height * (1 - value / top):.2f}" width="{max(step * 0.85, 0.5):.2f}" '
                    f'height="{height * value / top:.2f}"/>' for k, value in enumerate(values))
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" class="bars">{drawn}</svg>'


def stack(parts: dict[str, float], colours: dict[str, str], width: int = 300, height: int = 16) -> str:
    """Return parts of a whole side by side, as SVG."""
    total, place, drawn = sum(parts.values()) or 1.0, 0.0, ""
    for name, value in parts.items():
        size = width * value / total
        drawn += (f'<rect x="{place:.2f}" width="{size:.2f}" height="{height}" fill="{colours[name]}"><title>{name}: '
                  f'{value:,.0f}</title></rect>')
        place += size
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{drawn}</svg>'
