"""The version, for the wheel and for `User-Agent`."""

__version__ = "0.1.0"
