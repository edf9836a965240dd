"""
header_comments: turns the plain comments of QPP's headers into Doxygen's.

What a header's comments are like, and what becomes of them:

- the first comment is about the file;
- one that begins with dashes and a title opens a section, up to the next;
- one in front of a declaration is about it, and about all that follow
  without a comment of their own up to the next empty line;
- one behind code on its line is about what stands before it;
- one that begins with "Private" hides what it is about;
- @name is a parameter; lines that are indented are shown as they stand.

A function declared with QPP_FUN_PROTOTYPE is said to be called by its
pointer.  Checks nothing: make-reference does.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import re

COMMENT = re.compile(r"/\*.*?\*/", re.S)
BANNER = re.compile(r"-{3,} (.*?)\.? -+\n?", re.S)


def body_of(comment):
    """The lines of a comment, without its frame."""
    lines = comment[2:-2].split("\n")
    lines = [lines[0]] + [re.sub(r"^\s*\*? ?", "", line, count=1)
                          if re.match(r"\s*\*", line) else line.strip()
                          for line in lines[1:]]
    lines = [line.rstrip() for line in lines if "SPDX-License" not in line]
    lines[0] = lines[0].strip()
    return "\n".join(lines).strip("\n")


def escaped(text):
    text = re.sub(r"([\\<>#&$%])", r"\\\1", text)
    return re.sub(r"(?<![\w@])@([a-z_]\w*)", r"<em>\1</em>", text)


def converted(body):
    """A comment's text in Doxygen's language."""
    out = []
    for part in re.split(r"\n\s*\n", body):
        lines = part.split("\n")
        if all(line.startswith("  ") for line in lines):
            out.append("@verbatim\n%s\n@endverbatim" % part)
        else:
            out.append(escaped(part))
    return "\n\n".join(out)


def declarations(code):
    """
    Splits code into what ends at ';' outside of brackets, or at the end of
    a preprocessor's line, and what is left.
    """
    parts, depth, start, i = [], 0, 0, 0
    while i < len(code):
        char = code[i]
        if char == "#" and not code[start:i].strip() and depth == 0:
            match = re.compile(r"(\\\n|[^\n])*").match(code, i)
            i = match.end()
            parts.append(code[start:i])
            start = i
            continue
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(char, 0)
        if char == ";" and depth == 0:
            parts.append(code[start:i + 1])
            start = i + 1
        i += 1
    return parts, code[start:]


def opaque(code):
    """A declared structure without contents is one to Doxygen, too."""
    return re.sub(r"^struct (\w+);", r"struct \1 {};", code, flags=re.M)


def import_note(declaration):
    match = re.search(r"^QPP_FUN_PROTOTYPE\(\s*(\w+),[^,]*,\s*(\w+)",
                      declaration, re.M)
    if not match:
        return ""
    return "\n\nImported from plugin `%s`: call it as `%s_qpp`." % \
        match.groups()


def until_empty_line(text, pos):
    """Where the paragraph behind the comment that ends at @pos ends."""
    depth = 0
    if text.startswith("\n", pos):
        pos += 1
    while pos < len(text):
        end = text.find("\n", pos)
        end = len(text) if end < 0 else end + 1
        line = text[pos:end]
        if not line.strip() and depth == 0:
            return pos
        code = COMMENT.sub("", line)
        depth += code.count("{") - code.count("}")
        pos = end
    return pos


class Converter:
    def __init__(self, text):
        self.text = text
        self.out = []
        self.in_section = False

    def section(self, body):
        match = BANNER.match(body)
        if self.in_section:
            self.out.append("/** @} */\n")
        self.in_section = True
        title = " ".join(match.group(1).split())
        rest = converted(body[match.end():].strip("\n"))
        self.out.append("/** @name %s\n%s\n@{ */" % (title, rest))

    def documented(self, body, code):
        """@body is about the declarations in @code."""
        text = converted(body)
        parts, rest = declarations(opaque(code))
        for part in parts:
            self.out.append("\n/** %s%s */\n%s" % (
                self.fitting(text, part, code), import_note(part),
                part.lstrip()))
        if not parts:
            self.out.append("/* %s */" % text)
        self.out.append(rest)

    def fitting(self, text, part, code):
        """A parameter of one of several declarations is right in each."""
        def one(match):
            word = r"\b%s\b" % match.group(1)
            other = not re.search(word, part) and re.search(word, code)
            return "<b>%s</b>" % match.group(1) if other else match.group()
        return re.sub(r"<em>(\w+)</em>", one, text)

    def inner(self, code):
        """Comments on members, inside of a structure or an enumeration."""
        def one(match):
            before = code[code.rfind("\n", 0, match.start()) + 1:
                          match.start()]
            mark = "/**<" if before.strip() else "/**"
            return "%s %s */" % (mark, converted(body_of(match.group())))
        return COMMENT.sub(one, code)

    def run(self):
        text, pos, first = self.text, 0, True
        while True:
            match = COMMENT.search(text, pos)
            if not match:
                self.out.append(text[pos:])
                break
            self.out.append(opaque(text[pos:match.start()]))
            body, pos = body_of(match.group()), match.end()
            if first:
                self.out.append("/** @file\n%s */" % converted(body))
                first = False
            elif body.startswith("---"):
                self.section(body)
            elif body.startswith("Private"):
                pos = until_empty_line(text, pos)
            else:
                pos = self.leading(body, pos)
        if self.in_section:
            self.out.append("\n/** @} */\n")
        return "".join(self.out)

    def leading(self, body, pos):
        end = until_empty_line(self.text, pos)
        # Another comment at the line's beginning has its own declaration.
        other = re.compile(r"^/\*", re.M).search(self.text, pos, end)
        if other:
            end = other.start()
        self.documented(body, self.inner(self.text[pos:end]))
        return end


def for_c(text):
    """The header without what is for C++; otherwise that sees the same."""
    return re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n", "", text,
                  flags=re.M | re.S)


def for_doxygen(text):
    return Converter(for_c(text)).run()


def without_comments(text):
    """The public declarations alone."""
    text, out, pos = for_c(text), [], 0
    for match in COMMENT.finditer(text):
        if match.start() < pos:
            continue  # hidden
        out.append(text[pos:match.start()])
        pos = match.end()
        if body_of(match.group()).startswith("Private"):
            pos = until_empty_line(text, pos)
    return "".join(out) + text[pos:]
