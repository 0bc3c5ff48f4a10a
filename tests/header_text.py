"""header_text.py HEADER: every function's text has the parts that a C programmer needs.

It must say from which thread a call may be made and who owns what a pointer leads to, and name
success and the wrong call among what it returns. Whether the rest is true, readers must say.
"""

import re
import sys
from pathlib import Path

header = Path(sys.argv[1]).read_text()
known = set((Path(__file__).parent / "symbols.txt").read_text().split())

declaration = re.compile(r"/\*\*\n(?P<text>(?: \*.*\n)+?) \*/\nTLSCONN_API\b(?P<prototype>[^;]*);")
functions = {}
for found in declaration.finditer(header):
    prototype = " ".join(found["prototype"].replace("TLSCONN_MUST", "").split())
    name = re.match(r".*?(\w+) ?\(", prototype)[1]
    text = " ".join(line[3:] for line in found["text"].splitlines())
    functions[name] = (" ".join(text.split()), prototype)

THREADS = re.compile(r"[Aa]ny thread|on this thread|[Oo]ne thread|another thread", re.ASCII)
LIFETIME = re.compile(
    r"[Bb]orrowed|is yours|stays yours|lives? as long|lives until|copied|NULL for NULL|Never NULL")
RUST = re.compile(r"\bOption\b|\bSafety\b|\bArc\b|\bResult\b|\[`|::|\bi32\b|\busize\b|\bslice\b")
# What a borrowed handle is called where it is merely used: its lifetime is its owner's.
HANDLES = ("tlsconn_ctx *", "tlsconn_conn *", "tlsconn_cert *", "tlsconn_question *",
           "tlsconn_error *")
# An int that is no tlsconn_code.
NO_CODE = {"tlsconn_error_code", "tlsconn_question_situation", "tlsconn_question_port",
           "tlsconn_question_allows", "tlsconn_ask_terminal"}


def says(name, code, seen=()):
    """Whether the text of `name` has `code`, itself or by what it says another returns."""
    text = functions[name][0]
    if code in text:
        return True
    others = re.findall(r"[Rr]eturns? (?:what|nothing but what) (\w+)\(\)|what (\w+)\(\) returns", text)
    others = {other for pair in others for other in pair if other in functions}
    return any(says(other, code, (*seen, name)) for other in others if other not in seen)


def faults(name):
    text, prototype = functions[name]
    kind = prototype[: prototype.index(name)]
    parameters = [p.strip() for p in prototype[prototype.index("(") + 1 : -1].split(",")]
    if not THREADS.search(text):
        yield "says nothing about threads"
    if RUST.search(text):
        yield f"speaks Rust: {RUST.search(text)[0]}"
    if "*" in kind and not LIFETIME.search(text):
        yield "does not say whose the result is, or how long it lives"
    for parameter in parameters:
        word = parameter.split("*")[-1].split()[-1]
        is_handle = any(handle in parameter for handle in HANDLES) and "**" not in parameter
        is_pointer = "*" in parameter or parameter.endswith(("fn", "destroy", "cb"))
        if is_pointer and not is_handle and f"`{word}`" not in text and f"`*{word}`" not in text:
            # `path` of one function is that of another where the text says so.
            if not re.search(r"Returns what tlsconn_ctx_add", text):
                yield f"does not name `{word}`"
    borrowed = "const char **" in prototype and LIFETIME.search(text)
    if "**" in prototype and not borrowed and "is yours" not in text and "tlsconn_connect()" not in text:
        yield "does not say whose `*out` is"
    if kind.split() == ["int"] and name not in NO_CODE:
        if name.startswith("vir"):
            if "Returns 0" not in text:
                yield "does not say when it returns 0 and -1"
            return
        for code in ("TLSCONN_OK", "TLSCONN_E_INVALID"):
            if not says(name, code):
                yield f"does not say when it returns {code}"


missing = sorted(known - functions.keys())
problems = [f"{name} has no text" for name in missing]
problems += [f"{name} {fault}" for name in functions for fault in faults(name)]
codes = set(re.findall(r"\bTLSCONN_\w+\b", header))
listed = set(re.findall(r"^    (TLSCONN_\w+) = ", header, re.M))
named = {code for text, _ in functions.values() for code in re.findall(r"`(TLSCONN_(?:E|WANT)_\w+)`", text)}
problems += [f"{code} is named and does not exist" for code in sorted(named - listed)]
if problems:
    sys.exit("\n".join(problems))
print(f"{sys.argv[1]}: the texts of {len(functions)} functions have all their parts")
