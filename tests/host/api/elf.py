"""
elf.py: what the table of API tests needs to know of a guest's ELF file:
symbols, the entry, the code's segment, and bytes at an address.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import struct


class Elf:
    """A little-endian ELF file with sections, of 32 or 64 bits."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.wide = self.data[4] == 2
        header = self._get("<HHIQQQIHHHHHH" if self.wide else "<HHIIIIIHHHHHH",
                           16)
        self.entry = header[3]
        self.segments = [self._segment(header[4] + i * header[8])
                         for i in range(header[9])]
        sections = [self._section(header[5] + i * header[10])
                    for i in range(header[11])]
        self.symbols = {}
        for kind, offset, size, link in sections:
            if kind == 2:
                self._symbols(offset, size, sections[link][1])

    def _get(self, form, offset):
        return struct.unpack_from(form, self.data, offset)

    def _segment(self, at):
        """(type, flags, offset, address, size in the file)"""
        if self.wide:
            p = self._get("<IIQQQQ", at)
            return p[0], p[1], p[2], p[3], p[5]
        p = self._get("<IIIIIII", at)
        return p[0], p[6], p[1], p[2], p[4]

    def _section(self, at):
        """(type, offset, size, link)"""
        s = self._get("<IIQQQQI" if self.wide else "<IIIIIII", at)
        return s[1], s[4], s[5], s[6]

    def _symbols(self, offset, size, names):
        step = 24 if self.wide else 16
        for at in range(offset, offset + size, step):
            name = self._get("<I", at)[0]
            value = self._get("<Q", at + 8)[0] if self.wide else \
                self._get("<I", at + 4)[0]
            end = self.data.index(b"\0", names + name)
            self.symbols[self.data[names + name:end].decode()] = value

    def code(self):
        """First and last address of the executable segment."""
        return next((s[3], s[3] + s[4]) for s in self.segments
                    if s[0] == 1 and s[1] & 1)

    def bytes_at(self, address, n):
        for kind, _, offset, start, size in self.segments:
            if kind == 1 and start <= address < start + size:
                at = offset + address - start
                return self.data[at:at + n]
        return b""
