"""C programs that drive a Verilated machine through the driver that `rtl.package` writes."""
