"""The host link: its serial line and its frames."""
