"""Both kernels run once at tiny inputs, without packages. `PERF_CLI=target/debug/cli python3 -m unittest discover benches/peers`"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from workshop import ROOT, built_cli


class Peers(unittest.TestCase):
    def record(self, kernel, *arguments, runs=1):
        """What runs of one round leave behind."""
        script, cli = Path(__file__).with_name("run.py"), os.environ.get("PERF_CLI") or built_cli()
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, script, kernel, *arguments, "--bare", "--rounds", "1", "--backends", "scalar"]
            command += ["--cli", Path(cli).resolve(), "--record", folder, "--workshop", folder]
            for _ in range(runs):
                done = subprocess.run(command, text=True, capture_output=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return json.loads(Path(folder, f"peers-{kernel}.json").read_text())

    def test_forces_at_the_start_are_work(self):
        record = self.record("nbody", str(ROOT / "data" / "input16"), "--steps", "2")
        self.assertEqual([result["name"] for result in record["results"]], ["plain Python", "scalar"])
        for result in record["results"]:
            interactions = result["interactions_per_second"] * result["median"]
            self.assertAlmostEqual(interactions, 16 * 15 * (result["steps"] + 1))

    def test_runs_are_added_to_a_record(self):
        arguments = ["nbody", str(ROOT / "data" / "input16"), "--steps", "2"]
        records = {extra: self.record(*arguments, *extra, runs=2)["results"] for extra in [(), ("--add",)]}
        times = {extra: [len(result["times"]) for result in results] for extra, results in records.items()}
        self.assertEqual(times, {(): [1, 1], ("--add",): [2, 2]})

    def test_word_counts_agree(self):
        record = self.record("wordcount", str(ROOT / "data" / "sample.txt"))
        self.assertEqual([result["failure"] for result in record["results"]], [None] * 5)


if __name__ == "__main__":
    unittest.main()
