#!/usr/bin/env python3
#
# Counts the results of tools/check: reads meson's test logs (NAME.json) and
# the logs of failed builds (NAME.build) in a folder, prints a line for each
# skipped test with its reason and each failed one with the end of its
# output, and last "N passed, N failed, N skipped".  Tests that speak TAP
# count by their subtests.  Exits with 1 if anything failed or nothing
# passed.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import pathlib
import re
import sys

TAIL_LINES = 30
# What the exit status of a test that was skipped is, to meson.
SKIP_STATUS = 77

TAP_LINE = re.compile(r"^(not )?ok\b(?:\s+(\d+))?\s*-?\s*"
                      r"([^#]*?)\s*(?:#\s*(\w+)\b\s*(.*))?$")
TAP_PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*skip\w*\s*(.*))?$", re.I)


class Results:
    def __init__(self):
        self.passed = 0
        self.failures = []  # (name, output)
        self.skips = []     # (name, reason)

    def add_tap(self, name, test, output):
        """Counts the subtests; False if the output is not TAP."""
        seen = failed = 0
        plan = None
        for line in output.splitlines():
            match = TAP_PLAN.match(line)
            if match:
                plan = int(match.group(1))
                if plan == 0:
                    self.skips.append((name, match.group(2) or "no reason"))
                    return True
                continue
            match = TAP_LINE.match(line)
            if not match:
                continue
            seen += 1
            bad, number, title, directive, rest = match.groups()
            subtest = f"{name}: {title or number or seen}"
            directive = (directive or "").lower()
            if directive.startswith("skip"):
                self.skips.append((subtest, rest or "no reason given"))
            elif bad and directive != "todo":
                failed += 1
                self.failures.append((subtest, output))
            else:
                self.passed += 1
        if seen == 0 and plan is None:
            return False
        # A program that died, or ended early: its last test is not told.
        if failed == 0 and (test["result"] not in ("OK", "SKIP")
                            or (plan is not None and seen < plan)):
            told = f"ended after {seen} of {plan} subtests, " \
                   f"{test['result'].lower()}, " \
                   f"status {test.get('returncode')}"
            self.failures.append((f"{name}: {told}", output))
        return True

    def add_test(self, build, test):
        name = f"{build}: {test['name'].split(' / ')[-1]}"
        output = test.get("stdout") or ""
        errors = test.get("stderr") or ""
        result = test["result"]

        if self.add_tap(name, test, output + errors):
            return
        if result in ("OK", "EXPECTEDFAIL"):
            self.passed += 1
        elif result == "SKIP" or test.get("returncode") == SKIP_STATUS:
            lines = [line for line in (output + errors).splitlines()
                     if line.strip()]
            self.skips.append((name, lines[-1] if lines
                               else "no reason given"))
        else:
            self.failures.append((f"{name}: {result.lower()}",
                                  output + errors))

    def read(self, folder):
        for path in sorted(folder.glob("*.build")):
            self.failures.append((path.stem + ": build",
                                  path.read_text(errors="replace")))
        for path in sorted(folder.glob("*.json")):
            for line in path.read_text(errors="replace").splitlines():
                if line.strip():
                    self.add_test(path.stem, json.loads(line))

    def print(self):
        for name, reason in self.skips:
            print(f"SKIP {name}: {reason}")
        shown = None
        for name, output in self.failures:
            print(f"FAIL {name}")
            # The subtests of a program share their output: once is enough.
            if output != shown:
                for line in output.splitlines()[-TAIL_LINES:]:
                    print(f"     {line}")
            shown = output
        print(f"{self.passed} passed, {len(self.failures)} failed, "
              f"{len(self.skips)} skipped")


def main():
    results = Results()
    results.read(pathlib.Path(sys.argv[1]))
    results.print()
    return 1 if results.failures or not results.passed else 0


if __name__ == "__main__":
    sys.exit(main())
