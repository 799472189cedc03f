"""Yosys and nextpnr: measure, estimate, sweep, report."""

from cli.interrupt import leave_at_once

leave_at_once(__name__)
