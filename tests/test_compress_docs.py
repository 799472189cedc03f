"""The pages on images and numbers: their tables say what the code says."""
from pathlib import Path

from compress.report import COLUMNS, SCALES
from spec import image as rules
from spec.eie import PRESETS
from spec.eie.image import HEADER_KEYS, LAYER_KEYS, MEMBERS

DOCS = Path(__file__).parents[1] / "docs"


def test_the_image_page_names_every_member_and_key():
    page = (DOCS / "image.md").read_text()
    for name, (dtype, _) in MEMBERS.items():
        assert f"| `{name}` | {dtype} |" in page
    for key in (*rules.HEADER_KEYS, *HEADER_KEYS, *LAYER_KEYS):
        assert f"`{key}`" in page, key


def test_the_size_table_explains_the_columns_of_the_report():
    page = (DOCS / "image.md").read_text()
    for key in "bits_before", "bits_after", "ratio", "weight_ratio", "balance":
        assert f"| {dict(COLUMNS)[key]} |" in page
    for heading in dict(SCALES).values():
        assert heading == "layer" or heading in page.partition("in a table of scales")[2]


def test_the_widths_in_brackets_are_the_defaults():
    page, spec = (DOCS / "numbers.md").read_text(), PRESETS["default"]
    for name in "act_bits", "weight_bits", "codebook_bits", "index_bits", "acc_bits", "shift_bits":
        assert f"{name} ({getattr(spec, name)})" in page
    assert f"log2 entries ({spec.pointer_bits})" in page
