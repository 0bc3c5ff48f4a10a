"""The field cases, judged: field.py CASES PREFIX EXAMPLES [NAME]...

CASES is the folder of the cases, PREFIX an installed library, EXAMPLES the built example programs.
The scripts of the cases print what they see; expected.txt beside this file says what must be in it
and what must never be. A case without a line there fails, as does a line that belongs to no case.
Each has something that must be there, for what must never be is also missing where nothing ran.
What a case needs and does not find is told; with CI=true that is a failure.

The cases run in a copy. Some answer by number, with those that answers had when they were written;
the copy has the numbers of the header, for otherwise such a case would show a rejection and nothing
of what it is about.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PARTS = ["certificates", "programs", "connections"]
# What a script says of a part that it could not run.
LEFT_OUT = re.compile(r"^.*(left out: |this case needs ).*$", re.MULTILINE)


def expected():
    """What is said of each case: a list of ('+' or '-', pattern), of which one at least is a '+'."""
    cases, name = {}, None

    def wrong(number, why):
        sys.exit(f"expected.txt, line {number}: {why}")

    def close(number):
        if name and not any(sign == "+" for sign, _ in cases[name]):
            wrong(number, f"nothing must be there in {name}")

    number = 0
    for number, line in enumerate((HERE / "expected.txt").read_text().splitlines(), 1):
        if line.startswith("== "):
            close(number)
            name = line[3:]
            if name in cases:
                wrong(number, f"{name} is there already")
            cases[name] = []
        elif line[:2] in ("+ ", "- ") and name:
            pattern = re.compile(line[2:], re.MULTILINE)
            if pattern.search(""):
                wrong(number, "the pattern is empty, or fits a text without a letter")
            cases[name].append((line[0], pattern))
        elif line and not line.startswith("#"):
            wrong(number, "neither a case nor a pattern")
    close(number)
    return cases


def copied(cases, to):
    """A copy of the cases, in which answers have the numbers of today."""
    shutil.copytree(cases, to, copy_function=shutil.copyfile)
    for path in [to, *to.rglob("*")]:
        path.chmod(0o755)
    for script in (to / "connections").glob("*.sh"):
        script.write_text(re.sub(r" -A ([123])\b", r" -A 100\1", script.read_text()))
    return to


def outputs(cases, part, environment):
    """What the scripts of a part printed, a text for each case."""
    command = [str(cases / part / "run.sh")]
    run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    text = run.stdout.decode(errors="replace")
    # Only the names of cases begin one: the cases print headings of their own.
    names = re.findall(r"^(\w+)\(\) *\{", (cases / part / "run.sh").read_text(), re.MULTILINE)
    names += [script.stem for script in (cases / part).glob("[Fc][0-9]*.sh")]
    heading = rf"^(?:==|########) ({'|'.join(names)})\n"
    pieces = re.split(heading, text, flags=re.MULTILINE)
    found = dict(zip(pieces[1::2], pieces[2::2]))
    if not found:
        sys.exit(f"field: {' '.join(command)} ran nothing:\n{text}")
    return found


def main():
    folder, prefix, examples, *names = sys.argv[1:]
    environment = dict(os.environ, TLSCONN_PREFIX=prefix, TLSCONN_EXAMPLES=examples)
    for name in ("CI", "RUST_BACKTRACE"):
        environment.pop(name, None)
    said, faults, judged = expected(), 0, set()
    with tempfile.TemporaryDirectory(prefix="field-") as place:
        cases = copied(pathlib.Path(folder), pathlib.Path(place) / "field")
        found = [outputs(cases, part, environment) for part in PARTS]
    for outcome in found:
        for name, text in outcome.items():
            if names and name not in names:
                continue
            judged.add(name)
            wrong = [] if said.get(name) else ["nothing in expected.txt says what is right"]
            for sign, pattern in said.get(name, []):
                if (sign == "+") != bool(pattern.search(text)):
                    wrong.append(f"{'is missing' if sign == '+' else 'must not be'}: {pattern.pattern}")
            for left_out in LEFT_OUT.finditer(text):
                print(f"field: {name}: {left_out.group(0).strip()}")
                if os.environ.get("CI") == "true":
                    wrong.append("nothing may be left out here")
            if wrong:
                faults += 1
                print(f"== {name}\n{text}")
                print("".join(f"field: {name}: {why}\n" for why in wrong), end="")
    for name in names or said:
        if name not in judged:
            faults += 1
            print(f"field: {name}: there is no such case")
    print(f"field: {len(judged)} cases, {faults} with faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
