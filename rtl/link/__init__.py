"""The host link: requests in frames over a serial line, done on the bus of a machine; ``docs/boards/link.md`` is the page."""
