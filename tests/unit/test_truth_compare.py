#!/usr/bin/env python3
"""Tests of tests/guest/truth-compare itself: it must accept a log that is
what the trace says, and refuse each kind of log that is not.

A small story is told twice, as a trace and as a log, by Story; each test
then changes one thing in one of the two.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import gzip
import importlib.machinery
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

COMPARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                       "guest", "truth-compare")
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("truth_compare", COMPARE)
truth_compare = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("truth_compare", loader))
loader.exec_module(truth_compare)

PC = "0x401000"
READ, RT_SIGRETURN, GETPID, CLONE, EXECVE, EXIT = 0, 15, 39, 56, 59, 60
GETPPID = 110
WAIT4, PRCTL, RESTART_SYSCALL, EXIT_GROUP = 61, 157, 219, 231
HANDLER, RESTARTING = 0x401230, 0x14000000
PLAIN = 0x04000000


def words(comm):
    raw = comm.encode().ljust(16, b"\0")
    return (int.from_bytes(raw[:8], "little"),
            int.from_bytes(raw[8:], "little"))


class Story:
    """What happened, as the kernel traces it and as the log must have it."""

    def __init__(self):
        self.trace = ["# tracer: nop", "#"]
        self.log = []
        self.clock = 0
        self.who = {}   # tid: [pid, ppid, comm]
        self.cpu = {}
        self.begun = {}

    def event(self, tid, name, text):
        self.clock += 1
        comm = self.who.get(tid, [0, 0, "x"])[2]
        self.trace.append(f"{comm:>16}-{tid:<7} ({tid:7}) "
                          f"[{self.cpu.get(tid, 0):03}] {self.clock:13}: "
                          f"{name}: {text}")

    def enter(self, tid, nr, *args):
        args = list(args) + [0] * (6 - len(args))
        self.event(tid, "sys_enter", f"NR {nr} ("
                   + ", ".join(f"{a:x}" for a in args) + ")")
        pid, ppid, comm = self.who[tid]
        self.begun[tid] = {
            "time": 1000 + self.clock, "vcpu": self.cpu.get(tid, 0),
            "pc": PC, "abi": "x86_64", "nr": nr, "name": None,
            "args": [f"{a:#x}" for a in args], "ret": None, "pid": pid,
            "tid": tid, "ppid": ppid, "comm": comm}
        return self.begun[tid]

    def leave(self, tid, ret, log="same", nr=None):
        r = self.begun.pop(tid)
        self.event(tid, "sys_exit",
                   f"NR {r['nr'] if nr is None else nr} = {ret}")
        r["ret"] = ret if log == "same" else log
        self.log.append(r)
        return r

    def never(self, tid):
        self.log.append(self.begun.pop(tid))

    def call(self, tid, nr, *args, ret=0, log="same"):
        self.enter(tid, nr, *args)
        return self.leave(tid, ret, log)

    def signal(self, tid, sig, handler=HANDLER, flags=RESTARTING):
        self.event(tid, "signal_deliver", f"sig={sig} errno=0 code=0 "
                   f"sa_handler={handler:x} sa_flags={flags:x}")

    def identity(self, tid):
        pid, ppid, comm = self.who[tid]
        self.call(tid, 2003, tid, pid, ppid, *words(comm), ret=-38)

    def clone(self, tid, child, flags=0):
        """In the parent's call; its own return is the caller's to tell."""
        self.event(tid, "task_newtask", f"pid={child} comm=x "
                   f"clone_flags={flags:x} oom_score_adj=0")
        pid, ppid, comm = self.who[tid]
        self.who[child] = [pid, ppid, comm] if flags & 0x10000 \
            else [child, pid, comm]
        self.cpu[child] = 1
        parent = self.begun[tid]
        self.event(child, "sys_exit", f"NR {parent['nr']} = 0")
        p, pp, c = self.who[child]
        r = dict(parent, time=1000 + self.clock, vcpu=1, ret=0, pid=p,
                 tid=child, ppid=pp, comm=c, child=True)
        self.log.append(r)
        return r

    def end(self, tid):
        self.event(tid, "sched_process_exit", f"comm=x pid={tid} prio=120")


def tell():
    s = Story()
    s.who[100] = [100, 50, "truth"]
    s.who[1] = [1, 0, "init"]
    # Before the window: init waits; its call began earlier.
    early = s.enter(1, WAIT4, 0xffffffffffffffff)
    s.trace.pop()
    s.call(100, 2001, 100, ret=-38)
    s.identity(100)
    s.pid = s.call(100, GETPID, ret=100)
    s.ppid = s.call(100, GETPPID, ret=50)
    # A process, which renames itself, and gets a thread.
    s.enter(100, CLONE, 0x11)
    s.child = s.clone(100, 101)
    s.leave(100, 101)
    s.enter(101, PRCTL, 15, 0x7000)
    s.event(101, "task_rename", "pid=101 oldcomm=truth newcomm=a b "
            "oom_score_adj=0")
    s.leave(101, 0)
    s.who[101][2] = "a b"
    s.renamed = s.call(101, GETPID, ret=101)
    s.enter(101, CLONE, 0x10f00)
    s.thread = s.clone(101, 102, 0x10f00)
    s.leave(101, 102)
    # Interrupted: restarted silently, by a handler, given up.
    s.enter(102, READ, 3, 0x7000, 1)
    s.silent = s.leave(102, -512, log=None)
    s.enter(102, READ, 3, 0x7000, 1)
    s.restarted = s.leave(102, -512, log=None)
    s.signal(102, 10)
    s.enter(102, RT_SIGRETURN)
    s.sigreturn = s.leave(102, READ, nr=-1)
    s.signal(102, 10)
    s.enter(102, RT_SIGRETURN)
    s.leave(102, -516, nr=-1)
    s.enter(102, READ, 3, 0x7000, 1)
    s.eintr = s.leave(102, -512, log=-4)
    s.signal(102, 12, flags=PLAIN)
    s.enter(102, RT_SIGRETURN)
    s.leave(102, -4, nr=-1)
    # Restarted after all, before the signal that would not have.
    s.enter(102, READ, 3, 0x7000, 2)
    s.leave(102, -514, log=None)
    s.signal(102, 12, flags=PLAIN)
    s.signal(102, 10)
    for result in (77, READ):
        s.enter(102, RT_SIGRETURN)
        s.leave(102, result, nr=-1)
    # The thread executes a program: it takes its leader's number.
    s.blocked = s.enter(101, READ, 4, 0x7000, 1)
    s.execve = s.enter(102, EXECVE, 0x5000)
    s.never(101)
    s.end(101)
    s.event(101, "task_rename", "pid=101 oldcomm=a b newcomm=new "
            "oom_score_adj=0")
    s.event(101, "sched_process_exec", "filename=/new pid=101 old_pid=102")
    r = s.begun.pop(102)
    s.event(101, "sys_exit", f"NR {EXECVE} = 0")
    r["ret"] = 0
    s.log.append(r)
    s.who[101] = [101, 100, "new"]
    s.executed = s.call(101, GETPID, ret=101)
    # It has a child that survives it, and comes to init.
    s.enter(101, CLONE, 0x11)
    s.clone(101, 103)
    s.leave(101, 103)
    # The parent it asks for goes while it asks.
    s.enter(103, GETPPID)
    s.enter(101, EXIT_GROUP)
    s.exit = s.begun[101]
    s.never(101)
    s.end(101)
    s.asking = s.leave(103, 1)
    s.call(100, WAIT4, 101, ret=101)
    s.who[103][1] = 1
    s.call(103, GETPPID, ret=1)
    s.orphan = s.call(103, GETPPID, ret=1)
    # Killed in a call, after a result of the kernel's own.
    s.enter(103, READ, 5, 0x7000, 1)
    s.killed = s.leave(103, -512, log=None)
    s.signal(103, 9, handler=0, flags=0)
    s.end(103)
    s.begun[1] = early
    s.leave(1, 103)
    # The number again, for a child killed before it took a step.
    s.enter(100, CLONE, 0x11)
    s.log.remove(s.clone(100, 101))
    s.leave(100, 101)
    s.signal(101, 9, handler=0, flags=0)
    s.end(101)
    s.call(100, 2002, 100, ret=-38)
    return s


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.story = tell()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def compare(self, min_calls=10):
        trace = os.path.join(self.folder.name, "trace.gz")
        log = os.path.join(self.folder.name, "log.jsonl")
        with gzip.open(trace, "wt") as f:
            f.write("\n".join(self.story.trace) + "\n")
        with open(log, "w", encoding="utf-8") as f:
            for r in self.story.log:
                f.write(json.dumps(r) + "\n")
        out = io.StringIO()
        status = truth_compare.main(
            ["--arch", "x86_64", "--trace", trace, "--jsonl", log,
             "--min-calls", str(min_calls)], out)
        return status, out.getvalue()

    def assert_same(self):
        status, output = self.compare()
        self.assertEqual(status, 0, output)
        self.assertIn(" 0 differences", output)

    def assert_different(self, kind):
        status, output = self.compare()
        self.assertEqual(status, 1, output)
        self.assertIn(f"DIFFERENT: {kind}", output)

    def test_equal(self):
        self.assert_same()

    def test_too_few(self):
        status, output = self.compare(min_calls=1000)
        self.assertEqual(status, 1, output)
        self.assertIn("fewer than 1000", output)

    def test_order_of_completion_does_not_matter(self):
        # All but the marker that ends it: records of the killed come late.
        self.story.log.append(self.story.log.pop(
            self.story.log.index(self.story.blocked)))
        self.assert_same()

    def test_every_missing_record(self):
        whole = list(self.story.log)
        for i, record in enumerate(whole):
            self.story.log = whole[:i] + whole[i + 1:]
            with self.subTest(record=record):
                status, output = self.compare()
                self.assertEqual(status, 1, output)

    def test_every_record_twice(self):
        whole = list(self.story.log)
        for i, record in enumerate(whole):
            self.story.log = whole[:i] + [record] + whole[i:]
            with self.subTest(record=record):
                status, output = self.compare()
                self.assertEqual(status, 1, output)

    def test_every_field(self):
        whole = list(self.story.log)
        for i, record in enumerate(whole):
            if record["tid"] == 1 or record["nr"] in (2001, 2002):
                continue
            for field, value in (("nr", 999), ("ret", 4711), ("pid", 77),
                                 ("tid", 77), ("ppid", 77), ("comm", "z"),
                                 ("abi", "z"), ("args", ["0x99"])):
                changed = dict(record, **{field: value})
                self.story.log = whole[:i] + [changed] + whole[i + 1:]
                with self.subTest(record=record, field=field):
                    status, output = self.compare()
                    self.assertEqual(status, 1, output)

    def test_every_null(self):
        whole = list(self.story.log)
        for i, record in enumerate(whole):
            other = 0 if record["ret"] is None else None
            changed = dict(record, ret=other)
            self.story.log = whole[:i] + [changed] + whole[i + 1:]
            with self.subTest(record=record):
                status, output = self.compare()
                self.assertEqual(status, 1, output)

    def test_vcpu(self):
        self.story.pid["vcpu"] = 3
        self.assert_different("vCPU")

    def tell_made_on(self, made, moved_from):
        """One more call before the end: noted on CPU 0, made on @made."""
        s = self.story = tell()
        del s.trace[-2:]
        s.log.pop()
        if moved_from is not None:
            s.event(1, "sched_migrate_task", "comm=a pid=100 b pid=100 "
                    f"prio=120 orig_cpu={moved_from} dest_cpu=0")
        s.enter(100, GETPID)["vcpu"] = made
        s.leave(100, 100)
        s.call(100, GETPID, ret=100)
        s.call(100, 2002, 100, ret=-38)

    def test_moved_on_its_way(self):
        self.tell_made_on(2, None)
        self.assert_different("vCPU")
        self.tell_made_on(2, 3)
        self.assert_different("vCPU")
        self.tell_made_on(2, 2)
        self.assert_same()
        self.assertIn(" 1 calls moved", self.compare()[1])
        # the next one is not made there
        self.story.log[-2]["vcpu"] = 2
        self.assert_different("vCPU")

    def test_kernel_code_for_restart(self):
        self.story.restarted["ret"] = -512
        self.assert_different("result")

    def test_eintr_where_restarted(self):
        self.story.silent["ret"] = -4
        self.assert_different("result")

    def test_old_tid_after_exec(self):
        self.story.executed["tid"] = 102
        self.assert_different("wrong thread")

    def test_old_name_after_exec(self):
        self.story.executed["comm"] = "a b"
        self.assert_different("comm")

    def test_old_name_after_prctl(self):
        self.story.renamed["comm"] = "truth"
        self.assert_different("comm")

    def test_old_parent(self):
        self.story.orphan["ppid"] = 101
        self.assert_different("ppid")

    def test_parent_it_never_had(self):
        self.story.asking["ppid"] = 100
        self.assert_different("ppid")

    def test_parent_that_is_not_its_own(self):
        self.story.ppid["ret"] = 51
        self.story.trace = [line.replace("NR 110 = 50", "NR 110 = 51")
                            for line in self.story.trace]
        self.assert_different("getppid's result is not the ppid")

    def test_unknown_process(self):
        self.story.pid.update(pid=None, tid=None, ppid=None, comm=None)
        self.assert_different("process not known")

    def test_child_with_another_call(self):
        self.story.child["nr"] = 57
        self.assert_different("child's call is not its parent's")

    def test_child_at_another_pc(self):
        self.story.thread["pc"] = "0x1"
        self.assert_different("child's pc")

    def test_restart_at_another_pc(self):
        self.story.restarted["pc"] = "0x1"
        self.assert_different("restarted at another pc")

    def test_events_lost(self):
        self.story.trace.insert(9, "CPU:1 [LOST 17 EVENTS]")
        status, output = self.compare()
        self.assertEqual(status, 1, output)
        self.assertIn("lost", output)

    def test_trace_contradicts_itself(self):
        at = next(i for i, line in enumerate(self.story.trace)
                  if "NR 2003 " in line)
        self.story.trace[at] = self.story.trace[at].replace("(64, 64,",
                                                            "(64, 65,")
        status, output = self.compare()
        self.assertEqual(status, 1, output)

    def test_no_marker(self):
        for number in ("2001", "2002"):
            story = tell()
            story.trace = [line for line in story.trace
                           if f"NR {number} (" not in line]
            self.story = story
            status, output = self.compare()
            self.assertEqual(status, 1, output)
            self.assertIn("one each", output)

    def test_cut_log(self):
        self.story.log = [r for r in self.story.log if r["nr"] != 2002]
        status, output = self.compare()
        self.assertEqual(status, 1, output)

    def test_broken_trace(self):
        trace = os.path.join(self.folder.name, "t.gz")
        with open(trace, "wb") as f:
            f.write(gzip.compress(b"x" * 99999)[:-20])
        done = subprocess.run(
            [sys.executable, COMPARE, "--arch", "x86_64", "--trace", trace,
             "--jsonl", "/dev/null"], capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("whole", done.stdout)


if __name__ == "__main__":
    unittest.main()
