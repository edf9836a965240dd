"""What a log of system calls must say, worked out from the guest kernel's
trace alone: who made each call (Model), what came of it (Call.expected).

Reads the text of tracefs' "trace" file, as made by tests/guest/truth/run.
The log, and the comparison, are in truth-compare.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import collections
import gzip
import re
import struct

NR_BEGIN, NR_END, NR_IDENTITY, NR_SCENARIO = 2001, 2002, 2003, 2004

# Per architecture: the calls whose result is an identity, prctl (which makes
# subreapers), those that collect the dead, those that end, what continues a
# sleep; whether the register for the number is the one for the result.
ARCHS = {
    "x86_64": {"getpid": 39, "gettid": 186, "getppid": 110, "prctl": 157,
               "wait": (61, 247), "exit": (60, 231), "restart_syscall": 219,
               "number_is_result": True},
    "aarch64": {"getpid": 172, "gettid": 178, "getppid": 173, "prctl": 167,
                "wait": (260, 95), "exit": (93, 94), "restart_syscall": 128,
                "number_is_result": False},
}

# The kernel's own results of a call that a signal interrupted.
ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_BLOCK = \
    -512, -513, -514, -516
RESTARTS = (ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_BLOCK)
EINTR = -4
SA_RESTART = 0x10000000
INIT = 1
CLONE_PARENT, CLONE_THREAD = 0x8000, 0x10000
PR_SET_CHILD_SUBREAPER = 36
# Signals that by default are ignored (CHLD, CONT, URG, WINCH) or stop.
STOPS = {19, 20, 21, 22}
HARMLESS = {17, 18, 23, 28} | STOPS


class BadInput(Exception):
    """A file that cannot be compared; the message says why."""


Event = collections.namedtuple("Event", "tid cpu ts name text")

EVENT = re.compile(r"^(.*)-(\d+)\s+\(\s*[-\d]+\) \[(\d+)\]\s+(\d+): (\w+): "
                   r"(.*)$", re.DOTALL)
ENTER = re.compile(r"NR (-?\d+) \((.*)\)$")
EXIT = re.compile(r"NR (-?\d+) = (-?\d+)$")
DELIVER = re.compile(r"sig=(\d+) .* sa_handler=([0-9a-f]+) "
                     r"sa_flags=([0-9a-f]+)$")
NEWTASK = re.compile(r"pid=(\d+) comm=.* clone_flags=([0-9a-f]+) ")
RENAME = re.compile(r"pid=(\d+) oldcomm=(.*) newcomm=(.*) "
                    r"oom_score_adj=-?\d+$", re.DOTALL)
MIGRATE = re.compile(r" pid=(\d+) prio=-?\d+ orig_cpu=(\d+) "
                     r"dest_cpu=\d+$")
EXEC = re.compile(r"filename=.* pid=(\d+) old_pid=(\d+)$", re.DOTALL)


def read_trace(path):
    """The events in order; latin-1, as names may hold any bytes."""
    with open(path, "rb") as f:
        packed = f.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    events = []
    try:
        with opener(path, "rt", encoding="latin-1", newline="\n") as f:
            for line in f:
                if line.startswith("#"):
                    continue
                match = EVENT.match(line.rstrip("\n"))
                if match:
                    _, tid, cpu, ts, name, text = match.groups()
                    events.append(Event(int(tid), int(cpu), int(ts), name,
                                        text))
                elif "LOST" in line:
                    raise BadInput(f"{path}: events were lost: {line!r}")
                elif events and line.strip():
                    # A name with a newline in it.
                    last = events.pop()
                    events.append(last._replace(
                        text=last.text + "\n" + line.rstrip("\n")))
    except (EOFError, gzip.BadGzipFile) as e:
        raise BadInput(f"{path}: the trace did not come out whole: {e}")
    if not events:
        raise BadInput(f"{path}: no events")
    # Threads are moved in interrupts, too, which may come while another event
    # is being noted: those two have one time.
    ordered = [e for e in events if e.name != "sched_migrate_task"]
    for earlier, later in zip(ordered, ordered[1:]):
        if later.ts <= earlier.ts:
            raise BadInput(f"{path}: not in order at {later.ts}; the trace "
                           "clock must be 'counter'")
    return events


def cut_trace(events):
    """From the first marker's call up to the last one's."""
    first = [i for i, e in enumerate(events) if e.name == "sys_enter" and
             e.text.startswith(f"NR {NR_BEGIN} ")]
    last = [i for i, e in enumerate(events) if e.name == "sys_enter" and
            e.text.startswith(f"NR {NR_END} ")]
    if len(first) != 1 or len(last) != 1 or last[0] < first[0]:
        raise BadInput(f"the trace has {len(first)} calls that begin the "
                       f"comparison and {len(last)} that end it; one each "
                       "was to be expected")
    end = last[0] + 1
    while end < len(events) and not (events[end].tid == events[last[0]].tid
                                     and events[end].name == "sys_exit"):
        end += 1
    return events[first[0]:end + 1]


class Process:
    def __init__(self, pid, parent):
        self.pid = pid
        self.parent = parent  # Process or None: not known
        self.former = set()   # pids that may still be seen as the parent's
        self.threads = set()  # that live
        self.subreaper = False
        self.shared = False   # by threads, or it was stopped
        self.children = []

    @property
    def live(self):
        return len(self.threads)

    def reaper(self):
        """Who gets its children."""
        ancestor = self.parent
        while ancestor and not (ancestor.subreaper and ancestor.live):
            ancestor = ancestor.parent
        return ancestor

    def heir(self):
        """Its threads stop being parents before the trace says that they
        end: when all are on their way out, the next one may be it."""
        if self.threads and all(t.leaving for t in self.threads):
            new = self.reaper()
            return {new.pid if new else INIT}
        return set()


class Thread:
    def __init__(self, tid, process, comm):
        self.tid = tid
        self.born_tid = tid
        self.process = process
        self.comm = comm          # bytes as latin-1, None: not known
        self.former_comms = set()
        self.renaming = []        # threads it is just giving a name
        # What its next call may still carry: the trace notes a call when the
        # kernel has it, a while after the thread has made it.
        self.fading_comms = set()
        self.fading_ppids = set()
        self.open = None          # the Call it is in
        self.calls = []
        self.first_step = None    # ChildReturn: its way out of that call
        self.dead = False
        self.leaving = False
        self.came_from = set()    # CPUs, since its last call
        self.asked_ppids = set()  # when it last asked for its parent
        self.asked_comms = set()

    def identity(self):
        p = self.process
        ppids = None
        if p and p.parent:
            ppids = {p.parent.pid} | p.former | p.parent.heir() | \
                self.fading_ppids
        comms = None
        if self.comm is not None:
            comms = {self.comm} | self.former_comms | self.fading_comms
        return (p.pid if p else None, ppids, comms)


class Call:
    def __init__(self, thread, nr, args, event, scenario, facts):
        self.thread = thread
        self.facts = facts
        self.index = len(thread.calls)
        self.tid = thread.tid
        self.pid, self.ppids, self.comms = thread.identity()
        self.ppids_within = set(self.ppids or ())  # any time till its end
        self.nr = nr
        self.args = args
        self.cpu = event.cpu  # where the kernel noted it
        self.cpus = {event.cpu} | thread.came_from  # where it may be made
        self.ts = event.ts
        self.scenario = scenario
        self.finished = False
        self.ret = None
        self.exit_nr = None
        self.process_shared = False
        self.delivered = []  # (sig, handler, flags) between it and the next
        self.log = None

    def interrupted(self):
        """Whether the result is the kernel's own, not for the program.
        What rt_sigreturn restores (its exit has no number) is not."""
        return self.ret in RESTARTS and self.exit_nr != -1

    def describe(self):
        args = ", ".join(f"{a:#x}" for a in self.args)
        ret = self.ret if self.finished else "no return"
        signals = "".join(
            f"; then signal {s} " + ("to a handler" if h > 1 else
                                     "ignored" if h else "by default") +
            (" with SA_RESTART" if h > 1 and f & SA_RESTART else "")
            for s, h, f in self.delivered)
        return (f"tid {self.tid} [{self.cpu}] event {self.ts} scenario "
                f"{self.scenario}: NR {self.nr} ({args}) = {ret}{signals}")

    def fatal(self):
        """A signal that it did not survive."""
        return any(h == 0 and s not in HARMLESS for s, h, _ in self.delivered)

    def expected(self):
        """The results that the log may give; None is null."""
        if not self.finished:
            return {None}
        last = self.thread.calls[-1] is self
        if not self.interrupted():
            # Killed on its way back, or just after: the trace cannot tell.
            return {self.ret, None} if last and self.fatal() else {self.ret}
        if self.ret == ERESTARTNOINTR:
            return {None}
        for i, (sig, handler, flags) in enumerate(self.delivered):
            if handler > 1:
                if self.ret == ERESTARTSYS and flags & SA_RESTART:
                    return {None}
                restored = self.restored()
                if restored == EINTR:
                    return {EINTR}
                if restored is not None and restored == self.again():
                    return {None}
                # What woke the thread may have been for another one, or a
                # stop: then it was back at the instruction, to make the
                # call again, when this signal came.
                alone = i == 0 and not self.process_shared
                return {EINTR} if alone else {EINTR, None}
            if handler == 0 and sig not in HARMLESS:
                break
        return {None}


    def restored(self):
        """What the thread had as the result when the handlers that ran after
        this call had returned; None if they did not."""
        depth = sum(h > 1 for _, h, _ in self.delivered)
        calls = self.thread.calls
        for call in calls[self.index + 1:]:
            if call.exit_nr == -1 and call.nr != -1:  # rt_sigreturn
                depth -= 1
                if depth == 0:
                    return call.ret
            depth += sum(h > 1 for _, h, _ in call.delivered)
        return None

    def again(self):
        """What is in the result's register when the call is to be made
        again: its number, or its first argument."""
        if not self.facts["number_is_result"]:
            return self.args[0] - (self.args[0] >> 63 << 64)
        return self.facts["restart_syscall"] if self.ret == ERESTART_BLOCK \
            else self.nr


class ChildReturn(Call):
    """A new task's way out of the call that made it.  The traces of some
    architectures have a sys_exit for it, without a sys_enter."""

    def __init__(self, thread, creation, event, scenario, facts):
        super().__init__(thread, creation.nr, creation.args, event, scenario,
                         facts)
        self.creation = creation

    def seen(self):
        """Its step comes some time after it was made: until its first call,
        or its end, it may have got another parent."""
        _, ppids, comms = self.thread.identity()
        if ppids and self.ppids:
            self.ppids |= ppids
        if comms and self.comms:
            self.comms |= comms

    def expected(self):
        return {0}

    def optional(self):
        """It may be killed on the way, even with a handler's frame made."""
        return not self.thread.calls and \
            (self.fatal() or not any(h > 1 for _, h, _ in self.delivered))

    def describe(self):
        return f"child's return: tid {self.tid}, made by " + \
            self.creation.describe()


class Model:
    """Follows processes, threads and names through the trace."""

    def __init__(self, arch):
        self.arch = arch
        self.threads = {}     # by tid, as it is now
        self.processes = {}
        self.all_threads = []
        self.calls = collections.defaultdict(list)  # by tid, as they began
        self.children = collections.defaultdict(list)  # by tid at birth
        self.strays = []      # exits of calls from before the window
        self.pending_comm = {}
        self.scenario = 0
        self.problems = []

    def run(self, events):
        for e in events:
            if e.name == "sched_migrate_task":
                self.migrated(e)
                continue
            handler = getattr(self, "on_" + e.name, None)
            if handler is None:
                raise BadInput(f"event {e.name} in the trace: not known")
            handler(e, self.thread(e.tid))
        return self

    def thread(self, tid):
        if tid not in self.threads:
            self.threads[tid] = Thread(tid, None, None)
            self.all_threads.append(self.threads[tid])
        return self.threads[tid]

    def migrated(self, e):
        """Whoever notes it moves another thread."""
        match = MIGRATE.search(e.text)
        t = self.threads.get(int(match[1]))
        if t:
            t.came_from.add(int(match[2]))

    def on_sys_enter(self, e, t):
        match = ENTER.match(e.text)
        nr = int(match[1])
        args = [int(a, 16) for a in match[2].split(", ")]
        self.after_rename(t)
        if nr == NR_SCENARIO:
            self.scenario = args[0]
        if t.open:
            self.problems.append(f"a call within a call: {t.open.describe()}")
        if nr == NR_IDENTITY:
            self.learn(t, args, e)
        t.open = Call(t, nr, args, e, self.scenario, self.arch)
        t.fading_comms.clear()
        t.fading_ppids.clear()
        if nr == self.arch["getppid"]:
            t.asked_ppids = t.open.ppids or set()
            t.asked_comms = t.open.comms or set()
        if nr in self.arch["exit"]:
            t.leaving = True
        if t.first_step and not t.calls:
            t.first_step.seen()
        t.calls.append(t.open)
        self.calls[t.tid].append(t.open)

    def learn(self, t, args, e):
        """What the program says of itself: for its first thread all that is
        known, for the others a check of this model."""
        tid, pid, ppid = args[:3]
        comm = struct.pack("<QQ", args[3], args[4]).rstrip(b"\0") \
            .decode("latin-1")
        if t.process is None:
            parent = self.processes.setdefault(ppid, Process(ppid, None))
            t.process = self.processes.setdefault(pid, Process(pid, parent))
            t.process.threads.add(t)
            t.comm = comm
        # It has asked for its parent and name before: they may have changed.
        known = (t.tid, t.process.pid, t.identity()[1] | t.asked_ppids,
                 t.identity()[2] | t.asked_comms)
        if tid != known[0] or pid != known[1] or ppid not in known[2] or \
                comm not in known[3]:
            self.problems.append(
                f"the thread says at event {e.ts} that it is tid {tid} pid "
                f"{pid} ppid {ppid} comm {comm!r}; the trace says {known}")

    def on_sys_exit(self, e, t):
        match = EXIT.match(e.text)
        nr, ret = int(match[1]), int(match[2])
        t.came_from.clear()
        if t.open:
            t.open.finished = True
            t.open.ret = ret
            t.open.exit_nr = nr
            t.open.ppids_within |= t.identity()[1] or set()
            self.look_at_result(t, t.open)
            t.open = None
        elif t.first_step and not t.calls and not t.first_step.finished:
            t.first_step.finished = True
            t.first_step.ret = ret
            if ret != 0 or nr != t.first_step.nr:
                self.problems.append(f"a child begins with {e}")
        else:
            self.strays.append((t, nr, ret, e))

    def after_rename(self, t):
        """A thread that runs elsewhere may still be seen under its old name
        until the one that renamed it has left the kernel: by the next call
        of that one it has."""
        for other in t.renaming:
            other.fading_comms |= other.former_comms
            other.former_comms.clear()
        t.renaming.clear()

    def look_at_result(self, t, call):
        if call.nr in self.arch["wait"] and call.ret > 0:
            dead = self.processes.get(call.ret)
            if dead and not dead.live:
                for child in dead.children:
                    if dead.pid in child.former:
                        child.former.discard(dead.pid)
                        for thread in child.threads:
                            thread.fading_ppids.add(dead.pid)
        elif call.nr == self.arch["prctl"] and t.process and \
                call.args[0] == PR_SET_CHILD_SUBREAPER and call.ret == 0:
            t.process.subreaper = bool(call.args[1])

    def on_signal_deliver(self, e, t):
        match = DELIVER.search(e.text)
        signal = (int(match[1]), int(match[2], 16), int(match[3], 16))
        if signal[1] == 0 and signal[0] not in HARMLESS:
            t.leaving = True
        if signal[0] in STOPS and signal[1] == 0 and t.process:
            t.process.shared = True
        if t.calls:
            t.calls[-1].delivered.append(signal)
            t.calls[-1].process_shared = t.process and t.process.shared
        elif t.first_step:
            t.first_step.delivered.append(signal)

    def on_task_newtask(self, e, creator):
        match = NEWTASK.search(e.text)
        tid, flags = int(match[1]), int(match[2], 16)
        process = creator.process
        if not flags & CLONE_THREAD:
            parent = process
            if flags & CLONE_PARENT:
                parent = process.parent if process else None
            process = Process(tid, parent)
            self.processes[tid] = process
            if parent:
                parent.children.append(process)
        t = Thread(tid, process, creator.comm)
        if process:
            process.threads.add(t)
            process.shared |= process.live > 1
        self.threads[tid] = t
        self.all_threads.append(t)
        if creator.open:
            t.first_step = ChildReturn(t, creator.open, e, self.scenario,
                                       self.arch)
            self.children[tid].append(t.first_step)

    def on_task_rename(self, e, t):
        match = RENAME.match(e.text)
        tid, comm = int(match[1]), match[3]
        target = self.thread(tid)
        if target.dead:
            # A thread that executes has taken over its leader's tid.
            self.pending_comm[tid] = comm
            return
        if target is not t:
            target.former_comms.add(target.comm)
            t.renaming.append(target)
        else:
            target.former_comms.clear()
        target.comm = comm
        target.asked_comms.add(comm)

    def on_sched_process_exec(self, e, t):
        match = EXEC.match(e.text)
        tid, old = int(match[1]), int(match[2])
        if tid != old:
            t = self.threads.pop(old)
            t.tid = tid
            self.threads[tid] = t
        if tid in self.pending_comm:
            t.comm = self.pending_comm.pop(tid)

    def on_sched_process_exit(self, e, t):
        t.dead = True
        if t.first_step and not t.calls:
            t.first_step.seen()
        t.former_comms.clear()
        process = t.process
        if not process:
            return
        process.threads.discard(t)
        if process.live == 0:
            new = process.reaper() or \
                self.processes.setdefault(INIT, Process(INIT, None))
            for child in process.children:
                if child.parent is process:
                    child.former.add(process.pid)
                    child.parent = new
                    new.children.append(child)
