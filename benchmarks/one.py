"""One measurement in a process of its own, for `run.py`: a module, the table of cases in it, the case, facts as JSON."""

import sys
from importlib import import_module

from trial import one

if __name__ == "__main__":
    module, table, case, facts = sys.argv[1:]
    one(getattr(import_module(module), table), case, facts)
