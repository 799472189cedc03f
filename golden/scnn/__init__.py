"""What the SCNN array computes and how long it takes."""
