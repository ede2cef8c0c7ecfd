"""What `import` costs, and how much is installed."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from trial import MIB, Case, Trial

TIMES = 5
NOT_CORE = {"cryptography", "cffi", "pycparser"}
OURS = ("astore_sdk", "astore_api")
LOOK = """
import gc, sys
status = open("/proc/self/status").read()
contexts = sum(type(found).__name__ == "SSLContext" for found in gc.get_objects())
print(int(status.partition("VmHWM:")[2].split()[0]) / 1024, contexts, "cryptography" in sys.modules)
"""


def run(code: str) -> tuple[float, list[float]]:
    """Return the milliseconds of a whole process, and what it found: MiB at the peak, TLS contexts, cryptography."""
    begun = time.perf_counter()
    output = subprocess.run([sys.executable, "-c", code + LOOK], check=True, capture_output=True, text=True).stdout
    return (time.perf_counter() - begun) * 1000, [
        float(word == "True") if word.isalpha() else float(word) for word in output.split()
    ]


def needs(name: str, found: set[str]) -> set[str]:
    """Collect a distribution and those it needs, where they are installed."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    try:
        requires = distribution(name).requires or []
    except PackageNotFoundError:
        return found
    if name not in found:
        found.add(name)
        for requirement in requires:
            if "extra ==" not in requirement:
                needs(re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0], found)
    return found


def files(name: str) -> list[Path]:
    """Return the files of a distribution; of ours, which is installed where it is edited, those of its packages."""
    if name != "astore-sdk":
        return [Path(str(file.locate())) for file in distribution(name).files or []]
    folders = [Path(folder) for package in OURS for folder in getattr(find_spec(package), "submodule_search_locations", [])]
    return [path for folder in folders for path in folder.rglob("*")]


def importing(module: str) -> Case:
    def case(trial: Trial) -> None:
        bare, whole = "pass", f"import {module}"
        run(bare), run(whole)  # all is compiled, and in the system's cache
        pairs = [(run(bare), run(whole)) for _ in range(TIMES)]
        milliseconds = statistics.median(with_it[0] - without[0] for without, with_it in pairs)
        peak, contexts, cryptography = pairs[-1][1][1]
        installed = needs(module.partition(";")[0], set()) - NOT_CORE
        sizes = [path.stat().st_size for name in installed for path in files(name) if path.is_file() and path.suffix != ".pyc"]
        trial.result.update(ms=milliseconds, rss=peak, contexts=contexts, cryptography=cryptography)
        trial.result.update(packages=len(installed), installed=sum(sizes) / MIB)

    return case


IMPORTS: dict[str, Case] = {module: importing(module) for module in ("astore_sdk", "httpx", "boto3", "obstore")}
IMPORTS["astore_sdk, Client()"] = importing("astore_sdk; astore_sdk.Client(astore_sdk.Config('http://127.0.0.1'))")
IMPORTS["httpx, Client()"] = importing("httpx; httpx.Client()")
