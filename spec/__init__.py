"""Numbers every reading of a machine must agree on: shapes, formats, registers; no arithmetic on data."""

VERSION = "0.1.0"
