"""Resuming: what a transfer writes down, and whether another process can go on with it. It sends and receives nothing."""
