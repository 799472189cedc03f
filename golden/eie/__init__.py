"""What the EIE array computes and how long it takes: values, cycles and the patterns to try them on."""
