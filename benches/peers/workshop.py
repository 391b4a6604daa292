"""Where the peers are made ready: a virtual environment, compiled programs, and `cli` itself.

All of it lies in one folder, which git ignores, and is made again only where something changed.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Workshop:
    """The folder with everything that the programs need to run."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.python = self.folder / "venv" / "bin" / "python"
        self.built = self.folder / "built"
        self.missing = {}

    def set_up(self):
        """Install and compile; what cannot be had is remembered in `missing` with the reason."""
        self.built.mkdir(parents=True, exist_ok=True)
        self._make("packages", [HERE / "requirements.txt"], self._install)
        self._make("C++", [HERE / "nbody" / "openmp.cpp"], self._compile_cpp)
        self._make("Pythran", [HERE / "nbody" / "compiled" / "pythran_kernel.py"], self._compile_pythran)

    def environment(self, threads=None):
        """The variables of a program: where compiled modules lie, and how many threads it may use."""
        names = ("OMP", "NUMBA", "OPENBLAS", "MKL", "POLARS_MAX")
        variables = {f"{name}_{'THREADS' if name == 'POLARS_MAX' else 'NUM_THREADS'}": str(threads) for name in names}
        return {"PYTHONPATH": str(self.built), "PYTHONDONTWRITEBYTECODE": "1", **(variables if threads else {})}

    def _make(self, what, sources, make):
        text = b"".join(source.read_bytes() for source in sources) + sys.version.encode()
        stamp, digest = self.built / f"{what}.made", hashlib.sha256(text).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        print(f"making {what} ready", file=sys.stderr)
        try:
            make(*sources)
            stamp.write_text(digest)
        except (OSError, subprocess.CalledProcessError) as error:
            self.missing[what] = getattr(error, "stderr", None) or str(error)

    def _install(self, requirements):
        venv.create(self.folder / "venv", with_pip=True)
        check([self.python, "-m", "pip", "install", "--quiet", "--requirement", requirements])

    def _compile_cpp(self, source):
        check(["g++", "-Ofast", "-march=native", "-fopenmp", source, "-o", self.built / "openmp"])

    def _compile_pythran(self, source):
        module = self.built / "pythran_kernel.so"
        check([self.python, "-m", "pythran.run", "-Ofast", "-march=native", source, "-o", module])


def check(command):
    return subprocess.run(list(map(str, command)), check=True, text=True, capture_output=True).stdout


def built_cli():
    """The release build of this checkout."""
    check(["cargo", "build", "--release", "--quiet", "--package", "cli", "--manifest-path", ROOT / "Cargo.toml"])
    metadata = check(["cargo", "metadata", "--format-version", "1", "--no-deps", "--manifest-path", ROOT / "Cargo.toml"])
    return Path(json.loads(metadata)["target_directory"]) / "release" / "cli"


def versions(workshop):
    """The versions of what was measured beside the backends."""
    packages = json.loads(check([workshop.python, "-m", "pip", "list", "--format", "json"]))
    wanted = {line for line in (HERE / "requirements.txt").read_text().split() if line.isalpha()}
    found = {package["name"]: package["version"] for package in packages if package["name"] in wanted}
    compiler = check(["g++", "-dumpfullversion"]).strip() if shutil.which("g++") else None
    return {"python": sys.version.split()[0], "g++": compiler, **found}
