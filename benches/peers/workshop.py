"""Where the peers are made ready: a virtual environment, compiled programs, and `cli` itself.

All of it lies in one folder, which git ignores, and is made again only where something changed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The last is with_duckdb.py's own: DuckDB reads no variable.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "DUCKDB_THREADS",
)
# A package of requirements.txt, without its version.
PACKAGE = re.compile(r"^[a-z]+", re.MULTILINE)


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
        shared = HERE / "nbody" / "system.hpp"
        self._make("C++", [HERE / "nbody" / "openmp.cpp", shared], self._compile_cpp)
        self._make("AVX2", [HERE / "nbody" / "avx2.cpp", shared], self._compile_avx2)
        self._make("Pythran", [HERE / "nbody" / "compiled" / "pythran_kernel.py"], self._compile_pythran)
        self._make("transonic", [HERE / "nbody" / "compiled" / "transonic_kernel.py"], self._compile_transonic)

    def offers(self, program):
        """Whether a script, `openmp` or `avx2` has what it needs."""
        return program != "avx2" or (self.built / "avx2").exists()

    def packages(self):
        """The installed packages and their versions."""
        listed = json.loads(check([self.python, "-m", "pip", "list", "--format", "json"]))
        return {package["name"]: package["version"] for package in listed}

    def environment(self, threads=None):
        """The variables of a program: where compiled modules lie, and how many threads it may use."""
        limits = dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
        return {"PYTHONPATH": str(self.built), "PYTHONDONTWRITEBYTECODE": "1", **limits}

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

    def _compile_cpp(self, source, _shared):
        check(["g++", "-Ofast", "-march=native", "-fopenmp", source, "-o", self.built / "openmp"])

    def _compile_avx2(self, source, _shared):
        check(["g++", "-O3", "-mavx2", "-mfma", source, "-o", self.built / "avx2"])

    def _compile_pythran(self, source):
        module = self.built / "pythran_kernel.so"
        check([self.python, "-m", "pythran.run", "-Ofast", "-march=native", source, "-o", module])

    def _compile_transonic(self, source):
        """Beside a copy of its source, where the module is looked for; transonic calls Pythran by its name."""
        copy = shutil.copy(source, self.built)
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        command = [self.python.parent / "transonic", copy, "-af", " -Ofast -march=native"]
        check(command, env={**os.environ, "PATH": path})
        if not list((self.built / "__pythran__").glob("transonic_kernel_*.so")):
            raise OSError("transonic compiled nothing")


class BareWorkshop(Workshop):
    """Nothing is installed or compiled: what plain Python can run takes part."""

    def __init__(self, folder):
        super().__init__(folder)
        self.python = Path(sys.executable)

    def set_up(self):
        """There is nothing to do."""

    def offers(self, program):
        return program.endswith(".py") and not program.startswith("with_")

    def packages(self):
        return {}


def check(command, **options):
    return subprocess.run(list(map(str, command)), check=True, text=True, capture_output=True, **options).stdout


def built_cli():
    """The release build of this checkout."""
    check(["cargo", "build", "--release", "--quiet", "--package", "cli", "--manifest-path", ROOT / "Cargo.toml"])
    metadata = check(["cargo", "metadata", "--format-version", "1", "--no-deps", "--manifest-path", ROOT / "Cargo.toml"])
    return Path(json.loads(metadata)["target_directory"]) / "release" / "cli"


def versions(workshop):
    """The versions of what was measured beside the backends."""
    wanted = PACKAGE.findall((HERE / "requirements.txt").read_text())
    found = {name: version for name, version in workshop.packages().items() if name in wanted}
    compiler = check(["g++", "-dumpfullversion"]).strip() if shutil.which("g++") else None
    return {"python": sys.version.split()[0], "g++": compiler, **found}
