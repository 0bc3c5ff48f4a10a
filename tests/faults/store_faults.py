#!/usr/bin/env python3
"""store_faults.py PROGRAM PKI [--all]: disturbs every system call of a write of the known file.

PROGRAM is store_change, PKI the directory that contract-pki.sh makes. Each run makes one change
under strace, which lets one system call fail, or fail from then on, or kills the process there, or
sends a signal. A limit on the size of files makes writes short. After each run:

- what was there and is not concerned is there, and no mark of distrust is lost;
- a change that was told as stored is stored, and one that was told as failed is not, unless the
  message says that it may have been;
- the context that was told of a failure goes on distrusting;
- the next change works, and leaves no temporary file.

Without --all one error and a kill at each call of two changes, in seconds; with it, everything.
"""

import collections
import itertools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

PROGRAM, PKI = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ALL = "--all" in sys.argv[3:]

# What a system call can come back with for which something can be done, one of each sort: no room,
# a broken disk, a signal, no descriptors, no memory, a disk that may only be read, no right.
ERRORS = ["ENOSPC", "EIO", "EINTR", "EMFILE", "ENOMEM", "EROFS", "EACCES"]
# Calls that concern nothing but memory and the process itself.
QUIET = {"exit_group", "rt_sigprocmask", "munmap", "madvise", "futex", "mmap", "brk", "rt_sigaction",
         "getpid", "gettid", "geteuid", "getuid", "getrandom", "clock_gettime", "sigaltstack", "mprotect"}
# Calls that are repeated until they work, or the patience of ten seconds is over.
REPEATED = {"flock"}
KNOWN = ["one.example:16514", "two.example:16514"]

# A change: what there was before it, and how one sees that it was made.
CHANGES = {
    "add": (["one", "two", "mark"], lambda now: "three.example:16514" in now),
    "first": ([], lambda now: "three.example:16514" in now),
    "again": (["one", "two", "three", "mark"], lambda now: now.get("three.example:16514") != "00000000"),
    "remove": (["one", "two", "three", "mark"], lambda now: "three.example:16514" not in now),
    "mark": (["one", "two"], lambda now: "distrusted" in now),
    "lift": (["one", "two", "mark"], lambda now: "distrusted" not in now),
}
VERBS = {"first": "add"}

Fault = collections.namedtuple("Fault", "change inject limit kills")


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


def make(file, verb, host="three.example"):
    return [PROGRAM, str(file), host, PKI, verb]


def said(file):
    """What the file says, by place; or None with the reason why it cannot be read."""
    listed = run(make(file, "list"))
    if listed.returncode != 0:
        return None, listed.stderr.strip()
    lines = [line.split() for line in listed.stdout.splitlines()]
    return {line[0]: line[1] if len(line) > 1 else "" for line in lines}, ""


class Lab:
    """A directory with the file as it is before a change, and what becomes of it."""

    def __init__(self, change):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlsconn-faults-"))
        self.file = self.folder / "trusted.pem"
        for step in CHANGES[change][0]:
            verb, host = ("mark", "x") if step == "mark" else ("add", step + ".example")
            done = run(make(self.file, verb, host))
            if done.returncode != 0:
                sys.exit("store_faults: cannot prepare: " + done.stdout + done.stderr)
        self.before = self.file.read_bytes() if self.file.exists() else None
        self.verb, self.is_made = VERBS.get(change, change), CHANGES[change][1]

    def reset(self):
        for name in self.folder.iterdir():
            name.unlink()
        if self.before is not None:
            self.file.write_bytes(self.before)
            self.file.chmod(0o600)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def leftovers(self):
        return [name.name for name in self.folder.iterdir() if name.name not in ("trusted.pem", "trusted.pem.lock")]


def calls(lab):
    """The system calls of an undisturbed change: each with its number among those of its name."""
    lab.reset()
    trace = lab.folder.parent / (lab.folder.name + ".trace")
    done = run(["strace", "-f", "-o", str(trace)] + make(lab.file, lab.verb))
    text = trace.read_text()
    trace.unlink()
    if done.returncode != 0 or "SIGUSR2" not in text:
        sys.exit("store_faults: strace does not work here: " + done.stderr[-300:])
    count, found, inside = collections.Counter(), [], 0
    for line in text.splitlines():
        call = re.match(r"\d+\s+(\w+)\(", line)
        if not call:
            continue
        name = call[1]
        count[name] += 1
        if name == "rt_sigaction" and "SIGUSR2" in line:
            inside += 1
        elif inside == 1 and name not in QUIET:
            found.append((name, count[name]))
    return found


def faults_of(change, at):
    """What is tried at the system calls of a change."""
    errors = ERRORS if ALL else None
    for number, (name, which) in enumerate(at):
        for error in errors or [ERRORS[number % 2]]:
            yield Fault(change, f"{name}:error={error}:when={which}", None, False)
        yield Fault(change, f"{name}:signal=KILL:when={which}", None, True)
        if ALL:
            yield Fault(change, f"{name}:signal=USR1:when={which}", None, False)
    for name in sorted({name for name, _ in at} - REPEATED):
        first = [which for other, which in at if other == name]
        for which in first if ALL else first[-1:]:
            for error in ("EIO", "ENOSPC", "EROFS") if ALL else ("EIO",):
                yield Fault(change, f"{name}:error={error}:when={which}+", None, False)
    for name in ("write", "fsync"):
        first = [which for other, which in at if other == name]
        for which in first:
            yield Fault(change, f"{name}:retval=0:when={which}", None, False)
            if name == "write":
                # What was told as written and is not there is seen before it takes the name.
                yield Fault(change, f"write:retval=7:when={which}", None, False)


def limits_of(change, lab):
    """Writes that are short, and then fail: at every length, or at some."""
    size = len(lab.before or b"") + 4000
    for limit in range(0, size, 97 if ALL else 1999):
        yield Fault(change, None, limit, False)


def judge(lab, fault):
    """What is wrong after a disturbed change."""
    lab.reset()
    command = make(lab.file, lab.verb)
    more = {}
    if fault.inject:
        traced = fault.inject.split(":")[0]
        command = ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + traced, "-e", "inject=" + fault.inject] + command
    if fault.limit is not None:
        more["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (fault.limit, fault.limit))
    done = run(command, **more)
    told = re.search(r"DONE (-?\d+) (.*)", done.stdout)
    marks = re.search(r"MARKS (\d+)", done.stdout)
    if not told and not fault.kills:
        # The report is a write as well.
        if fault.inject and fault.inject.startswith(("write", "fstat", "newfstatat")):
            told = re.match(r"()()", "")
        else:
            return [f"it ended without a word, {done.returncode}: {done.stderr[-200:]}"]
    wrong = []
    left = lab.leftovers()
    now, why = said(lab.file)
    if now is None:
        return [f"it cannot be read afterwards: {why}"]
    was = [place for place in KNOWN if lab.before and place.encode() in lab.before]
    if any(place not in now for place in was):
        wrong.append(f"an entry is lost: {sorted(now)}")
    is_marked = lab.before and b"Distrust: yes" in lab.before
    if is_marked and lab.verb != "lift" and "distrusted" not in now:
        wrong.append("the mark of distrust is lost")
    if told and told[1]:
        stored, made, may_be = told[1] == "0", lab.is_made(now), "may have been stored" in told[2]
        if stored and not made:
            wrong.append("it was told as stored, and is not")
        if not stored and made and not may_be:
            wrong.append("it was told as failed, and is stored")
        if not stored and not made and lab.before is not None and lab.file.read_bytes() != lab.before:
            wrong.append("it was told as failed, and the file is another one")
        if not stored and lab.verb in ("mark", "lift") and marks and marks[1] == "0":
            wrong.append("it was told as failed, and its context does not distrust")
        if left and not fault.inject.endswith("+") and "unlink" not in fault.inject:
            wrong.append(f"left behind: {left}")
    after = run(make(lab.file, "add", "later.example"))
    if "DONE 0" not in after.stdout:
        return wrong + [f"the next change fails: {after.stdout}{after.stderr}"]
    if lab.leftovers():
        wrong.append(f"left behind by the next writer: {lab.leftovers()}")
    then, why = said(lab.file)
    if then is None or "later.example:16514" not in then or any(place not in then for place in now):
        wrong.append(f"the next change lost something: {then} {why}")
    return wrong


def try_all(change):
    lab = Lab(change)
    try:
        at = calls(lab)
        faults = list(itertools.chain(faults_of(change, at), limits_of(change, lab)))
        wrong = [(fault, judge(lab, fault)) for fault in faults]
    finally:
        lab.close()
    return len(at), len(faults), [(fault, what) for fault, what in wrong if what]


def main():
    if shutil.which("strace") is None:
        print("store_faults: skipped, there is no strace here")
        sys.exit(os.environ.get("CI") == "true")
    changes = list(CHANGES) if ALL else ["add", "lift"]
    with ThreadPoolExecutor(max_workers=2) as two:
        results = list(two.map(try_all, changes))
    bad = [one for _, _, wrong in results for one in wrong]
    for fault, wrong in bad:
        print(f"{fault.change}, {fault.inject or f'no file beyond {fault.limit} bytes'}: {'; '.join(wrong)}")
    for change, (at, faults, _) in zip(changes, results):
        print(f"store_faults: {change}: {at} system calls, {faults} faults")
    sys.exit(bool(bad))


main()
