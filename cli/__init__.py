"""What every command of ours does alike: its errors, its progress, the files it writes, the tables it prints."""
