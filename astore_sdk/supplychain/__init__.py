"""Supply-chain documents: what can be said of them without a key."""
