"""
What is known of the programs of user_ARCH.S and boot_ARCH.S: how many
instructions, blocks and accesses to memory each of their parts is, counted by
hand; and what binutils say of their symbols and of instructions' sizes.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import re
import subprocess


class Known:
    """The sums for ROUNDS rounds of `work` and THREADS threads."""

    def __init__(self, arch, system, rounds, threads):
        self.rounds, self.threads = rounds, threads
        self.arch, self.system = arch, system
        # (instructions, blocks)
        self.work = (3 + 12 * rounds, 2 + rounds)
        self.one = self.sum(1, (12, 4))
        self.first_thread = self.sum(1, (11 + 24 * threads, 3 + 5 * threads))
        self.other_thread = self.sum(1, (7, 3))
        self.all_threads = tuple(
            a + threads * b
            for a, b in zip(self.first_thread, self.other_thread))
        self.parent = self.sum(2, (8 + 2 * 14, 3 + 2 * 4))
        self.child = self.sum(2, (8, 4))
        # Of the boot program: what the first vCPU does, if it is alone.
        self.boot = self.sum(1, (21 + 3 + 5 * rounds, 0))

    def sum(self, works, more):
        return tuple(works * w + m for w, m in zip(self.work, more))

    def accesses(self, works, calls=None):
        """{size: (reads, writes)} of so many `work`; x86 calls write too."""
        r = self.rounds
        a = {1: (r, 2 * r), 2: (0, r), 4: (2 * r, 0), 8: (2 * r, 2 * r)}
        if self.arch == "x86_64" and self.system:
            a = {1: (r, 2 * r), 2: (1, r), 4: (4 * r, 2 * r)}
        elif self.arch == "x86_64":
            a[8] = (2 * r + 1, 2 * r + 1)
        return {size: (works * reads, works * writes)
                for size, (reads, writes) in a.items()}

    def thread_accesses(self):
        """All threads: each tid is written and read once more."""
        a = self.accesses(self.threads + 1)
        a[4] = (a[4][0] + self.threads, a[4][1] + self.threads)
        return a

    def values(self):
        """What the accesses of the first round, and then of the second, are:
        (load or store, offset in the area, size, value)."""
        words = 1 if self.arch == "x86_64" and self.system else 2
        big = int("44444444" * words, 16)
        shown = []
        old = 1
        for _ in range(2):
            shown += [("load", 0, 1, 0x11), ("store", 1, 1, 0x11),
                      ("store", 2, 1, 0x11),
                      ("store", 4, 2, None),  # what else is in the register
                      ("load", 8, 4, 0x22222222), ("load", 12, 4, 0x33333333),
                      ("load", 16, 4 * words, big),
                      ("store", 24, 4 * words, big),
                      ("load", 32, 4 * words, old),
                      # QEMU 10.0 and 11.1 tell the addend, not the sum
                      ("store", 32, 4 * words, None)]
            old += big
        return shown


def total(accesses):
    """(reads, writes)"""
    return tuple(sum(a[i] for a in accesses.values()) for i in (0, 1))


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def symbols_of(program):
    """{name: address}"""
    return {m[2]: int(m[1], 16) for m in
            re.finditer(r"^(\w+) \w (\w+)$", output("nm", program), re.M)}


def sizes_of(program, rounds):
    """{size: executions} of the x86 program that runs `work` once."""
    text = output("objdump", "-d", "--insn-width=16", program)
    sizes, symbols = collections.Counter(), symbols_of(program)
    for m in re.finditer(r"^ *(\w+):\t((?:[0-9a-f]{2} )+)", text, re.M):
        address = int(m[1], 16)
        if symbols["loop"] <= address <= symbols["loop_end"]:
            sizes[len(m[2].split())] += rounds
        elif address < symbols["start_threads"]:
            sizes[len(m[2].split())] += 1
    return dict(sizes)
