"""
Reads the four formats of docs/LOG_FORMATS.md for the tests of real logs, and
checks the form of each line while it does.  What the records must say is the
business of the tests: log-run here, log-run in tests/guest.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import csv
import json
import re

FIELDS = ["time", "vcpu", "pc", "abi", "nr", "name", "args", "ret", "pid",
          "tid", "ppid", "comm"]
HEADER = b"time,vcpu,pc,abi,nr,name,arg0,arg1,arg2,arg3,arg4,arg5,ret,pid," \
    b"tid,ppid,comm,child,boot\r\n"
TEXT_LINE = re.compile(rb"(\d+|\?)/(\d+|\?) ((?:[^\\\n]|\\.)*?)  (\w+\(.*\) = "
                       rb"(?:\?|\? \(restarted\)|-?[0-9][^\n]*))")
CLASSIC_LINE = re.compile(rb"Syscall at pc ([1-9a-f][0-9a-f]*): number "
                          rb"(-?\d+): Process '((?:[^'\\\n]|\\.)*)', "
                          rb"pid (\d+|\?), ppid (\d+|\?)")


class Wrong(Exception):
    """What a run has shown is not what it must be."""


def need(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(w) for w in what))


def same(got, want, what):
    """Like need(), and says where two lists part."""
    if got == want:
        return
    if isinstance(got, list) and isinstance(want, list):
        for i, (g, w) in enumerate(zip(got, want)):
            need(g == w, what, "number %d is\n  %r, not\n  %r" % (i, g, w))
        what += ": %d, not %d:" % (len(got), len(want))
    raise Wrong("%s\n  %r, not\n  %r" % (what, got, want))


def unescape_c(text):
    """The bytes that a C literal's inside means."""
    letters = {b"n": b"\n", b"t": b"\t", b"v": b"\v", b"f": b"\f",
               b"r": b"\r"}

    def one(match):
        what = match.group(1)
        if what.isdigit():
            return bytes([int(what, 8)])
        return letters.get(what, what)
    return re.sub(rb"\\([0-7]{1,3}|.)", one, text)


def number(text):
    """What is not known, or never came, is None."""
    return None if text in ("", "?", b"?") else int(text)


def parse_jsonl(data):
    """The records, after a check of each line's form."""
    need(data.endswith(b"\n"), "the log's last line is not whole")
    records = []
    for line in data.decode("utf-8").split("\n")[:-1]:
        pairs = json.loads(line, object_pairs_hook=list)
        keys = [k for k, _ in pairs]
        rec = dict(pairs)
        more = [key for key in ("boot", "child") if key in rec]
        same(keys, FIELDS + more, "keys of " + line)
        need(rec.get("boot", 2) > 1, "boot in", line)
        need(rec.get("child", True) is True, "child in", line)
        whose = [rec[key] for key in ["pid", "tid", "ppid"]]
        if rec["comm"] is None:
            same(whose, [None] * 3, "nobody's identity")
            whose = []
        for value in [rec["time"], rec["vcpu"], rec["nr"], *whose]:
            need(type(value) is int, "numbers in", line)
        need(rec["ret"] is None or type(rec["ret"]) is int, "ret in", line)
        for text in [rec["pc"], *rec["args"]]:
            need(re.fullmatch("0x(0|[1-9a-f][0-9a-f]*)", text), line)
        records.append(rec)
    return records


def parse_csv(data):
    """The same records from csv; names are bytes."""
    need(data.startswith(HEADER), "the header is", data[:100])
    need(data.endswith(b"\r\n"), "the log's last line is not whole")
    same(data.count(b"\n"), data.count(b"\r\n"), "ends of lines")
    same(data.count(b"\r"), data.count(b"\r\n"), "carriage returns")
    lines = data.decode("utf-8").split("\r\n")[1:-1]
    records = []
    for row in csv.reader(lines, strict=True):
        same(len(row), 19, "fields of %r" % row)
        rec = dict(zip(FIELDS[:6], row))
        rec["name"] = rec["name"] or None
        rec["args"] = [arg for arg in row[6:12] if arg]
        same(row[6:12], (rec["args"] + [""] * 6)[:6], "places of arguments")
        rec["ret"] = number(row[12])
        rec.update(zip(["pid", "tid", "ppid"], map(number, row[13:16])))
        rec["comm"] = unescape_c(row[16].encode()) if row[13] else None
        need(row[17] in ["", "true"], "child in", row)
        if row[17]:
            rec["child"] = True
        if row[18]:
            rec["boot"] = int(row[18])
        for key in ["time", "vcpu", "nr"]:
            rec[key] = int(rec[key])
        records.append(rec)
    same(len(records), len(lines), "records")
    return records


def parse_text(data):
    """(pid, tid, name, rest) of each line; numbers are None if unknown."""
    need(data.endswith(b"\n"), "the log's last line is not whole")
    lines = []
    for line in data.split(b"\n")[:-1]:
        match = TEXT_LINE.fullmatch(line)
        need(match, "not a line of text:", line)
        pid, tid, name, rest = match.groups()
        lines.append((number(pid), number(tid), unescape_c(name),
                      rest.decode()))
    return lines


def parse_classic(data):
    """(pc, number, name, pid, ppid) of each line."""
    need(data.endswith(b"\n"), "the log's last line is not whole")
    lines = []
    for line in data.split(b"\n")[:-1]:
        match = CLASSIC_LINE.fullmatch(line)
        need(match, "not a classic line:", line)
        pc, nr, name, pid, ppid = match.groups()
        lines.append(("0x" + pc.decode(), int(nr), unescape_c(name),
                      number(pid), number(ppid)))
    return lines
