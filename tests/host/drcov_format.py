"""
A reader of drcov files, strict and written from the format's description in
plugins-qpp/drcov_file.c; and of what nm and readelf say of a program.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import re
import struct
import subprocess


# What drcov_guest.S executes: (first label, label behind the last).
START, FINISH = ("_start", "_start_end"), ("finish", "finish_end")
NONE = [START, ("_start_end", "loop_end"), ("loop", "loop_end"),
        ("loop_end", "none_end"), FINISH]
ONE = [START, ("with_args", "with_args_end"), ("with_args_end", "call_end"),
       ("helper", "helper_end"), ("call_end", "one_end"), FINISH]
PARENT = [START, ("with_args", "with_args_end"), ("forks", "fork_end"),
          ("fork_end", "fork_test_end"), ("fork_test_end", "parent_end"),
          ("parent_end", "parent_jump_end"), FINISH]
CHILD = [("fork_end", "fork_test_end"), ("child", "child_end"), FINISH]


class Wrong(Exception):
    pass


def need(what, condition):
    if not condition:
        raise Wrong(what)


Module = collections.namedtuple("Module", "start end path blocks")


def module_of(i, line):
    m = re.fullmatch(r" *(\d+), +(\d+), 0x([0-9a-f]{16}), 0x([0-9a-f]{16}), "
                     r"0x([0-9a-f]{16}), 0x0, (\S.*)", line)
    need(f"a module's line: {line!r}", m)
    need(f"module {i} has its place as its id, twice",
         int(m[1]) == int(m[2]) == i)
    start, end = int(m[3], 16), int(m[4], 16)
    need(f"module {i} is not empty", start < end)
    return Module(start, end, m[6], [])


def parse(filename):
    """[Module], each with its blocks as [(offset, size)]."""
    with open(filename, "rb") as f:
        data = f.read()
    text, mark, table = data.partition(b" bbs\n")
    need("a table of blocks", mark)
    lines = text.decode("utf-8").split("\n")
    need("the two first lines",
         lines[:2] == ["DRCOV VERSION: 2", "DRCOV FLAVOR: drcov"])
    m = re.fullmatch(r"Module Table: version 4, count (\d+)", lines[2])
    need("the module table's head", m)
    need("the columns", lines[3] == "Columns: id, containing_id, start, end, "
         "entry, offset, path")
    modules = [module_of(i, line) for i, line in enumerate(lines[4:-1])]
    need("as many modules as said", len(modules) == int(m[1]))
    m = re.fullmatch(r"BB Table: (\d+)", lines[-1])
    need("the head of the table of blocks", m)
    need("8 bytes a block", len(table) == 8 * int(m[1]))
    for start, size, module in struct.iter_unpack("<IHH", table):
        need(f"a block's module {module}", module < len(modules))
        m = modules[module]
        need("a block that is not empty and in its module",
             0 < size and m.start + start + size <= m.end)
        m.blocks.append((start, size))
    for m in modules:
        need("no block twice", len(set(m.blocks)) == len(m.blocks))
        m.blocks.sort()
    return modules


def one_module(modules, file):
    """The module that is @file; there must be one."""
    found = [m for m in modules if m.path == file]
    need(f"{file} is {len(found)} modules, not one", len(found) == 1)
    return found[0]


class Elf:
    """What binutils say of a file: symbols as offsets from its start."""

    def __init__(self, file, tools=""):
        def lines(*command):
            return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                                  check=True).stdout.splitlines()

        self.file = file
        loads = [line.split() for line in lines(tools + "readelf", "-lW", file)
                 if line.split()[:1] == ["LOAD"]]
        self.base = min(int(w[2], 16) for w in loads) & ~0xfff
        self.size = max(int(w[2], 16) + int(w[4], 16)
                        for w in loads) - self.base
        self.pie = self.base == 0
        self.at, self.sizes = {}, {}
        for line in lines(tools + "nm", "-S", file):
            words = line.split()
            if len(words) >= 3 and words[0] != "U":
                self.at[words[-1]] = int(words[0], 16) - self.base
                if len(words) == 4:
                    self.sizes[words[-1]] = int(words[1], 16)

    def blocks(self, *pairs):
        """[(offset, size)] of blocks given by the labels around them."""
        return sorted((self.at[a], self.at[b] - self.at[a]) for a, b in pairs)

    def executed(self, blocks, function):
        """Whether @function was entered; None if only some of it was run."""
        start = self.at[function]
        inside = [b for b in blocks
                  if start <= b[0] < start + self.sizes[function]]
        if any(b[0] == start for b in inside):
            return True
        return None if inside else False


def compare(elf, module, expected):
    """@module, which is drcov_guest.S as @elf, must have those blocks."""
    need(f"the program's size: {module}",
         elf.size <= module.end - module.start <= elf.size + 0x20000)
    need(f"the program's start: {module}",
         elf.pie or module.start == elf.base)
    need(f"blocks {module.blocks}, not {elf.blocks(*expected)}",
         module.blocks == elf.blocks(*expected))
