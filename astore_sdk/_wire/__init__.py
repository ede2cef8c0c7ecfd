"""Between what travels and what callers see: pure functions, no I/O."""
