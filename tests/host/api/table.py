"""
table.py: the table of functions and hosts: which functions there are, what
`run` has found of each on a host, and docs/API_HOSTS.md, which is made of
that by `make-table`.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import re

PAGE = "docs/API_HOSTS.md"
HEADERS = ("include/qemu-plugin.h", "include/plugin-qpp.h")
COLUMNS = ("user-x86_64", "user-aarch64", "system-x86_64",
           "system-x86_64-chroot")

HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Which function of the API works on which host, as the tests found it. \
Made by tests/host/api/make-table: do not edit. -->

# Functions and hosts

Each function was run on each host, on a guest that does known things, and its answer compared with what is known from elsewhere
(tests/host/api). The same tests compare this page with what they find.

- **yes**: QEMU does it.
- **libqpp**: QEMU does not have it; libqpp does it instead.
- **no**: it fails as its comment in the header says, and `qemu_plugin_available()` says false.
- **QPP**: plugin to plugin, and QPP's own readers: no matter of the host.

"""


def functions(source):
    """[(section, [name without qemu_plugin_])] in the headers' order."""
    found = []
    for header in HEADERS:
        with open(os.path.join(source, header), encoding="utf-8") as f:
            text = f.read()
        for part in re.split(r"/\* ---- ", text)[1:]:
            title = re.match(r"[^-\n.]*", part)[0].strip()
            names = re.findall(r"QPP_API\(qemu_plugin_(\w+)\)", part)
            if names:
                found.append((title, names))
    return found


def own_functions(source):
    """Those that are QPP's own and of no concern to hosts."""
    with open(os.path.join(source, HEADERS[1]), encoding="utf-8") as f:
        text = f.read()
    names = set(re.findall(r"QPP_API\(qemu_plugin_(\w+)\)", text))
    # These need something of the host.
    return names - {"find_register", "read_register_u64", "read_memory",
                    "retranslate"}


def _path(build, host):
    return os.path.join(build, "tests/host/api", host + ".column")


def write_column(build, host, version, column):
    with open(_path(build, host), "w", encoding="utf-8") as f:
        f.write("version\t%s\n" % version)
        for name, answer in column.items():
            f.write("%s\t%s\n" % (name, answer))


def load_column(build, host):
    """(QEMU's version, {function: answer}) of the last run."""
    with open(_path(build, host), encoding="utf-8") as f:
        pairs = dict(line.rstrip("\n").split("\t") for line in f)
    return pairs.pop("version"), pairs


def page(source, build):
    columns = [load_column(build, host) for host in COLUMNS]
    titles = []
    for host, (version, _) in zip(COLUMNS, columns):
        kind, arch = host.split("-")[:2]
        number = re.search(r"version (\d+\.\d+)", version)[1]
        titles.append("%s %s %s" % (number, kind, arch))
    text = HEAD
    for section, names in functions(source):
        text += "## %s\n\n| | %s |\n|---|%s\n" % (
            section, " | ".join(titles), "---|" * len(titles))
        for name in names:
            text += "| `qemu_plugin_%s` | %s |\n" % (
                name, " | ".join(c[name] for _, c in columns))
        text += "\n"
    return text.rstrip("\n") + "\n"


def read_column(source, host):
    """{function: answer} as the committed page has it; None: it has not."""
    path = os.path.join(source, PAGE)
    if host not in COLUMNS or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        rows = re.findall(r"^\| `qemu_plugin_(\w+)` \| (.*) \|$", f.read(),
                          re.M)
    return {name: cells.split(" | ")[COLUMNS.index(host)]
            for name, cells in rows}
