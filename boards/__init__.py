"""Board tops, bitstreams, flashing, host link."""

from cli.interrupt import leave_at_once

leave_at_once(__name__)
