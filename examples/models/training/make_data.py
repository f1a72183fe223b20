"""Synthetic dialogues for the demo model: the training stream and the evaluation set.

Everything is generated: nothing here is taken from any corpus. A *stem* is a
made-up or common word used in commands, paths, patterns, cities and results.
A checksum of the stem decides whether it belongs to the evaluation or to the
training, so the two can share no path and no command that carries a stem.

    python3 make_data.py --eval        write eval.jsonl, eval_filler.jsonl, eval_chat.jsonl
    python3 make_data.py --show 3      print three training dialogues
"""

from __future__ import annotations

import argparse
import json
import random
import re
import zlib
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).resolve().parent
SEED = 20261121
EVAL_SEED = 20261122
EVAL_SIZE = 200
FILLERS = 40
#: Characters of one filler text; with this tokenizer 2,000 tokens or a little more.
FILLER_CHARS = 3950

Message = dict[str, Any]
Dialogue = dict[str, Any]

# --------------------------------------------------------------------------- words

ONSETS = "b c d f g h j k l m n p r s t v w z br cr dr fl gr kl pl pr st tr sh ch th sl sp".split()
VOWELS = "a e i o u a e i o u ai ea oo ou ie".split()
CODAS = ["", "", "", "n", "r", "s", "l", "t", "m", "x", "k", "p", "nd", "rt", "st", "ck"]

NOUNS = """report notes data config server client build release draft summary index log cache session backup
archive image photo music video invoice budget plan task ticket issue review patch branch commit merge
script module package library plugin theme layout widget button form page site blog article chapter book
letter memo table chart graph map route track trip hotel garden kitchen recipe bread coffee river lake
forest mountain island valley bridge tower castle harbor market office school museum theater station
engine motor wheel battery sensor camera printer scanner monitor keyboard router network socket buffer
queue stack tree node edge vector matrix tensor kernel thread process signal timer clock calendar event
user account profile role group team member guest owner admin token secret key lock door window wall
alpha beta gamma delta epsilon sigma omega north south east west spring summer autumn winter monday
friday january march june october apple banana cherry grape lemon melon orange peach tiger lion eagle
falcon rabbit salmon turtle wolf horse planet comet galaxy orbit rocket saturn mercury nebula quartz
silver copper iron carbon marble granite crystal velvet cotton ribbon canvas pencil paper folder drawer
shelf basket bottle ladder hammer needle anchor compass lantern candle mirror piano violin trumpet drum
main utils helper common core base model view controller service handler parser lexer reader writer
loader runner worker manager factory builder schema query filter sorter mapper reducer adapter proxy""".split()

VERBS = """check read write open close build test deploy review update remove create inspect verify keep avoid
prefer follow describe explain collect report measure count compare copy move rename store load send
receive parse format print record repeat finish start stop resume watch ignore mention answer ask""".split()
ADJECTIVES = """small large short long clear simple careful quick slow recent old new local remote public private
quiet useful exact empty full safe open final first second third daily weekly rough plain broken shared""".split()
ADVERBS = "always never often usually briefly carefully directly quietly first later twice soon".split()
#: Words that phrases carry now and then, for the training only.
FUNCTION_WORDS = "from the with from the with a an of in on to for by at or as is not all into per via".split()
TOPICS = """rain history physics football chess painting music gravity volcanoes whales bicycles trains poetry
chemistry planets bees economics cooking dinosaurs magnets tea castles oceans glaciers robots typography
the moon the internet Roman roads black holes the weather prime numbers recursion friendship""".split(" ")


def is_eval_stem(stem: str) -> bool:
    """Whether a stem is held out for the evaluation (about one in eight)."""
    return zlib.crc32(stem.lower().encode()) % 8 == 0


EVAL_NOUNS = [n for n in NOUNS if is_eval_stem(n)]
TRAIN_NOUNS = [n for n in NOUNS if not is_eval_stem(n)]


class Gen:
    """Random material of one split."""

    def __init__(self, seed: str, held_out: bool = False) -> None:
        self.r = random.Random(seed)
        self.held_out = held_out
        self.brief = False
        #: Stems used before in this dialogue and how often one of them comes
        #: again: repeated words make copying harder, so the training has many.
        self.used: list[str] = []
        self.again = 0.0 if held_out else self.pick((0.0, 0.1, 0.4, 0.7))
        self.nouns = EVAL_NOUNS if held_out else TRAIN_NOUNS

    # -- choices
    def pick(self, items):
        return items[int(self.r.random() * len(items))]

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def num(self, low: int, high: int) -> int:
        return self.r.randint(low, high)

    # -- words
    def stem(self) -> str:
        """A stem of this split: mostly made up, sometimes a common noun."""
        if self.used and self.again and self.chance(self.again):
            return self.pick(self.used[-12:])
        while True:
            if self.chance(0.3):
                word = self.pick(self.nouns)
            else:
                n = self.pick((1, 2, 2, 2, 3)) if not self.held_out else self.pick((2, 2, 3))
                word = "".join(self.pick(ONSETS) + self.pick(VOWELS) + self.pick(CODAS) for _ in range(n))
                if self.chance(0.08):
                    word = "".join(self.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(self.num(2, 7)))
                elif not self.held_out and self.chance(0.5):
                    word = self.odd_word()
            if len(word) < (5 if self.held_out else 3) or len(word) > 12:
                continue
            if is_eval_stem(word) == self.held_out:
                self.used.append(word)
                return word

    def odd_word(self) -> str:
        """A word for the training only that uses rare pieces: letters, or parts of real words."""
        if self.chance(0.4):
            return "".join(self.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(self.num(3, 9)))
        pools = (self.nouns, self.nouns, VERBS, ADJECTIVES, ADVERBS)
        a, b = self.pick(self.pick(pools)), self.pick(self.pick(pools))
        if self.chance(0.25):
            return a
        cut, at = self.num(1, len(a)), self.num(0, len(b) - 1)
        return a[:cut] + self.pick(("", "", self.pick(VOWELS))) + b[at:]

    def name(self) -> str:
        """A file or program name without extension: one or two stems, digits, case."""
        s = self.stem()
        k = self.r.random()
        if k < 0.14:
            s += self.pick("-_") + self.stem()
        elif k < 0.2:
            s += self.pick(("-", "_", "", ".")) + str(self.num(0, 99))
        elif k < 0.25:
            s += str(self.num(100, 99999))
        elif k < 0.28:
            s = s.capitalize()
        elif k < 0.31:
            s = s.upper()
        elif k < 0.34:
            s = s + self.stem().capitalize()
        elif k < 0.37:
            s = f"{self.num(2000, 2030)}-{self.num(1, 12):02d}-{self.num(1, 28):02d}-{s}"
        return s

    def ext(self) -> str:
        return self.pick("py txt md json log csv swift rs go js ts html css sh yaml toml xml conf sql c h java rb tar.gz lock".split())

    def directory(self) -> str:
        """A directory path without the final slash."""
        parts = [self.name() for _ in range(self.pick((1, 1, 2, 2, 3)))]
        if self.chance(0.3):
            parts.insert(0, self.pick("src app docs lib tests data bin pkg internal Sources".split()))
        lead = self.pick(("", "", "", "./", "~/", "../", "/", "/srv/", "/var/", "/home/", "/opt/", "/tmp/", "/etc/", "/usr/", "/mnt/", "/var/log/", "/Users/"))
        return lead + "/".join(parts)

    def file(self) -> str:
        """A path of a file."""
        name = self.name() + "." + self.ext()
        if self.chance(0.06):
            name = self.pick(("", ".")) + self.name()
        return name if self.chance(0.25) else self.directory() + "/" + name

    def path(self) -> str:
        return self.file() if self.chance(0.6) else self.directory() + self.pick(("", "", "/"))

    def phrase(self, low: int = 1, high: int = 4) -> str:
        """A few words, at least one of them a stem."""
        words = [self.stem()] + [self.pick((self.stem, lambda: self.pick(ADJECTIVES)))() for _ in range(self.num(low, high) - 1)]
        self.r.shuffle(words)
        if not self.held_out and self.chance(0.2):  # such words also end an argument, so the training has them inside
            for _ in range(self.pick((1, 1, 2))):
                words.insert(self.num(0, len(words)), self.pick(FUNCTION_WORDS))
        return " ".join(words)

    def flags(self) -> str:
        k = self.r.random()
        if k < 0.45:
            return "-" + "".join(self.r.sample("abcdefghlnrstvxz", self.num(1, 3)))
        if k < 0.6:
            return "--" + self.stem()
        if k < 0.75:
            return "--" + self.stem() + "=" + (self.name() if self.chance(0.5) else str(self.num(0, 5000)))
        if k < 0.85:
            return f"-{self.pick('abcdnkjpw')} {self.num(0, 900)}"
        return "--" + self.pick("all verbose quiet force help version dry-run recursive long json no-color".split())

    def command(self, depth: int = 0) -> str:
        """A shell command that carries at least one stem of the split."""
        g, p = self, self.pick
        makers: list[Callable[[], str]] = [
            lambda: f"ls {p(('-la ', '-l ', '', '-a ', '-lh ', '-1 ', '-R '))}{g.path()}",
            lambda: f"cat {g.file()}",
            lambda: f"echo {g.phrase()}",
            lambda: f"echo {g.phrase()}",
            lambda: f"{p(('head', 'tail'))} -n {g.num(1, 200)} {g.file()}",
            lambda: f"wc {p(('-l', '-w', '-c'))} {g.file()}",
            lambda: f"{p(('stat', 'file', 'du -sh', 'df -h', 'tree', 'md5sum', 'sha256sum', 'realpath', 'basename', 'dirname', 'touch', 'mkdir -p', 'rm -rf', 'rmdir', 'which', 'type', 'cd', 'nl', 'sort', 'uniq -c'))} {g.path()}",
            lambda: f"{p(('cp', 'mv', 'diff', 'ln -s', 'rsync -av'))} {g.path()} {g.path()}",
            lambda: f"find {g.directory()} -name '*.{g.ext()}'" if g.chance(0.4) else f"find {g.directory()} -name {g.name()}",
            lambda: f"grep {p(('-rn', '-i', '-c', '-l', '-v'))} {g.stem()} {g.path()}",
            lambda: f"git {p(('log --oneline -n 5', 'diff', 'show', 'blame', 'checkout', 'add', 'switch -c', 'log --', 'status', 'rm'))} {g.path()}",
            lambda: f"git -C {g.directory()} {p(('status', 'log', 'diff', 'branch -a', 'pull'))}",
            lambda: f"git commit -m '{g.phrase(2, 4)}'",
            lambda: f"{p(('python3', 'node', 'bash', 'sh', 'ruby', 'perl', 'swift', 'go run', 'deno run', './gradlew'))} {g.file()}" + (f" {g.flags()}" if g.chance(0.6) else ""),
            lambda: f"{p(('make', 'npm run', 'cargo run --bin', 'swift run', 'just', 'docker logs', 'docker inspect', 'systemctl status', 'pip show', 'brew info', 'kubectl get', 'man', 'ping -c 1', 'pgrep', 'id', 'whoami;echo'))} {g.name()}",
            lambda: f"curl -s http://{p(('localhost', '127.0.0.1', g.stem() + '.example'))}:{g.num(80, 65535)}/{g.stem()}",
            lambda: f"{g.name()} {g.flags()}",
            lambda: f"{g.name()} {g.flags()} {g.path()}",
            lambda: f"{g.name()} {g.stem()} {g.flags()} {g.flags()}",
            lambda: f"./{g.path().lstrip('./~')} {g.flags()}",
            lambda: f"{g.stem().upper()}={g.stem()} {g.command(1)}",
            lambda: f"seq {g.num(1, 9)} {g.num(10, 9999)} > {g.file()}",
            lambda: f"date +%Y-%m-%d > {g.file()}",
            lambda: f"printenv {g.stem().upper()}_{g.stem().upper()}",
        ]
        c = p(makers)()
        if depth == 0:
            k = self.r.random()
            if k < 0.05:
                c += f" | {p(('sort', 'uniq', 'wc -l', 'head -n 3', 'tail -n 1', 'sort -r', 'grep ' + g.stem()))}"
            elif k < 0.08:
                c += f" && {g.command(1)}"
            elif k < 0.1:
                c += p((" 2>&1", " 2>/dev/null", f" > {g.file()}", " || true", "; echo $?"))
            elif k < 0.13 and not self.held_out:
                c = p((f'echo "{g.phrase()}"', f'grep "{g.phrase()}" {g.file()}', f'git commit -m "{g.phrase(2, 4)}"', f'cat "{g.directory()} {g.stem()}.{g.ext()}"', f"printf '{g.stem()}\\n'"))
        return c

    # -- prose
    def ref(self) -> str:
        """Something in a text that looks like an argument: the distractors."""
        k = self.r.random()
        if k < 0.35:
            return f"`{self.command()}`"
        if k < 0.6:
            return f"`{self.path()}`"
        if k < 0.75:
            return self.path()
        if k < 0.85:
            return f'"{self.phrase()}"'
        return self.stem()

    def thing(self) -> str:
        k = self.r.random()
        if k < 0.25:
            return self.ref()
        article = self.pick(("the ", "a ", "every ", "this ", "your ", "each "))
        return article + (self.pick(ADJECTIVES) + " " if self.chance(0.5) else "") + self.pick((self.pick(self.nouns), self.pick(self.nouns), self.stem()))

    def sentence(self) -> str:
        v, t = (lambda: self.pick(VERBS)), self.thing
        forms: list[Callable[[], str]] = [
            lambda: f"{v().capitalize()} {t()} before you {v()} {t()}.",
            lambda: f"You should {self.pick(ADVERBS)} {v()} {t()}.",
            lambda: f"If {t()} is {self.pick(ADJECTIVES)}, {v()} {t()} and {v()} {t()}.",
            lambda: f"Do not {v()} {t()} unless the user asks for it.",
            lambda: f"{t().capitalize() if self.chance(0.5) else 'It'} is in {self.path()}.",
            lambda: f"The {self.pick(self.nouns)} of {t()} was {self.pick(ADJECTIVES)} {self.pick(('yesterday', 'today', 'last week', 'in ' + str(self.num(1900, 2030))))}.",
            lambda: f"To {v()} {t()}, run `{self.command()}`.",
            lambda: f"For example, the user may say: run {self.command()}",
            lambda: f"{self.stem().capitalize()} and {self.stem()} {v()} {t()} {self.pick(ADVERBS)}.",
            lambda: f"There are {self.num(2, 4000)} {self.pick(self.nouns)}s in {t()}.",
            lambda: f"When {t()} fails, {v()} {t()}; otherwise {v()} {t()}.",
            lambda: f"Be {self.pick(ADJECTIVES)} and {self.pick(ADJECTIVES)} when you {v()} {t()}.",
            lambda: f"Read {self.file()} to learn about {t()}.",
        ]
        return self.pick(forms)()

    def block(self) -> str:
        """One block of filler: a paragraph, a list, an environment note, code."""
        k = self.r.random()
        if k < 0.35:
            return " ".join(self.sentence() for _ in range(self.num(2, 5)))
        if k < 0.6:
            mark = self.pick(("- ", "* ", "# "))
            return f"# {self.phrase(1, 3).capitalize()}\n" + "\n".join((mark if mark != "# " else f"{i + 1}. ") + self.sentence() for i in range(self.num(2, 6)))
        if k < 0.72:
            tag = self.pick(("env", "context", "info", "example", self.stem()))
            return f"<{tag}>\nWorking directory: {self.directory()}\nIs a git repository: {self.pick(('yes', 'no', 'true'))}\nPlatform: {self.pick(('linux', 'darwin', 'windows'))}\nToday's date: {self.num(2024, 2030)}-{self.num(1, 12):02d}-{self.num(1, 28):02d}\n</{tag}>"
        if k < 0.8:
            return "```\n" + "\n".join(self.command() for _ in range(self.num(1, 4))) + "\n```"
        if k < 0.88:
            return "\n".join(f"{self.pick(('-', ' M', '??', 'A', ''))} {self.path()}".strip() for _ in range(self.num(2, 7)))
        if k < 0.94:
            return f"user: {self.pick(('run', 'read', 'open', 'show'))} {self.ref()}\nassistant: {self.sentence()}"
        return "\n".join(f"{self.name()}: {self.pick((self.path, self.phrase, lambda: str(self.num(0, 9999))))()}" for _ in range(self.num(2, 6)))

    def filler(self, chars: int) -> str:
        """Prose of about so many characters."""
        out, size = [], 0
        while size < chars:
            out.append(self.block())
            size += len(out[-1]) + 2
        return "\n\n".join(out)

    def system(self, chars: int) -> str | None:
        """A system prompt: none, a line or two, or a long text."""
        if chars <= 0:
            return None
        head = self.pick((
            "You are a helpful assistant.", "You are a coding assistant.", "You are a helpful coding agent that works in a terminal.",
            "Answer briefly.", "Use the tools when they are useful.", "You are an interactive agent that helps users with software tasks.",
            f"You are {self.stem().capitalize()}, an assistant.", f"Your working directory is {self.directory()}.",
            f"You are an agent for {self.stem()}, the {self.pick(ADJECTIVES)} {self.pick(self.nouns)} tool.", "Be concise. Use the tools you have.",
        ))
        if chars < 120:
            return head
        body = self.filler(chars)
        return self.pick((head + "\n\n" + body, head + " " + body, body, body + "\n\n" + head))

    # -- results
    def line(self) -> str:
        """One line of what a tool may return."""
        g, p = self, self.pick
        return p((
            lambda: g.phrase(1, 5), lambda: g.path(), lambda: g.file(), lambda: g.sentence(), lambda: str(g.num(0, 10 ** g.num(1, 7))),
            lambda: f"{g.stem()}={g.name()}", lambda: f"{g.stem()}: {g.phrase(1, 3)}", lambda: f"{g.num(1, 900)} {g.file()}",
            lambda: f"{g.r.getrandbits(28):07x} {g.phrase(2, 4)}",
            lambda: f"-rw-r--r-- {g.num(1, 3)} {g.stem()} {g.stem()} {g.num(1, 99999)} {p(('Jan', 'Mar', 'Jun', 'Oct'))} {g.num(1, 28)} {g.num(0, 23):02d}:{g.num(0, 59):02d} {g.name()}.{g.ext()}",
            lambda: f"{g.stem()} {g.num(0, 99)}.{g.num(0, 20)}.{g.num(0, 20)}", lambda: f"{g.stem()},{g.num(0, 999)},{g.stem()}",
            lambda: f"import {g.stem()}", lambda: f"def {g.stem()}({g.stem()}, {g.stem()}):", lambda: f"    return {g.stem()} + {g.num(0, 99)}",
            lambda: f"let {g.stem()} = {g.stem()}.{g.stem()}({g.num(0, 99)})", lambda: f"# {g.phrase(1, 3).capitalize()}", lambda: f"- {g.phrase(2, 5)}",
            lambda: f'{{"{g.stem()}": "{g.stem()}", "{g.stem()}": {g.num(0, 999)}}}', lambda: f"[{p(('INFO', 'WARN', 'ERROR'))}] {g.phrase(2, 5)}",
            lambda: f"{g.file()}:{g.num(1, 900)}: {g.phrase(1, 4)}", lambda: f"{g.stem().capitalize()} {g.stem()}, {g.num(1, 99)}%",
        ))()

    def result(self, limit: int = 260) -> str:
        """A short result of one to a few lines."""
        k = self.r.random()
        if not self.held_out:
            if k < 0.02:
                return ""
            if k < 0.05:
                return f"{self.pick(('Exit code', 'Error: exit code'))} {self.num(1, 127)}\n{self.stem()}: {self.path()}: No such file or directory"
            if k < 0.08:
                odd = "".join(chr(self.pick((self.num(0xA1, 0x17F), self.num(0x391, 0x44F), self.num(0x2190, 0x25FF), self.num(0x4E00, 0x9FA0), self.num(0x1F300, 0x1F64F)))) for _ in range(self.num(1, 6)))
                return f"{self.phrase()} {odd} {self.stem()}"
        count = self.pick((1, 1, 1, 2, 2, 3, 3, 4, 5))
        if self.chance(0.3):  # lines of one kind, as a listing has
            maker = self.pick((self.file, self.name, self.stem, self.path, lambda: self.phrase(2, 4)))
            lines = [maker() for _ in range(count)]
        else:
            lines = [self.line() for _ in range(count)]
        if self.chance(0.08):
            lines = [f"{i + 1:6d}\t{x}" for i, x in enumerate(lines)]
        if count > 2 and self.chance(0.1):
            lines.insert(1, "")
        text = "\n".join(lines)
        while len(text) > limit and "\n" in text:
            text = text[: text.rindex("\n")]
        return text[:limit].strip(" \n") if self.held_out else text


# --------------------------------------------------------------------------- tools


def schema(g: Gen, name: str, about: str, required: dict[str, str], optional: dict[str, tuple[str, str]] | None = None) -> dict:
    """A tool in the shape of the OpenAI API, with varying detail and key order."""
    plain = not g.held_out and g.chance(0.75 if g.brief else 0.4)
    props: dict[str, dict] = {k: ({"type": "string"} if plain else {"type": "string", "description": d}) for k, d in required.items()}
    if optional and not plain:
        for k, (kind, d) in optional.items():
            if g.chance(0.5):
                props[k] = {"type": kind, "description": d}
    params: dict[str, Any] = {"type": "object", "properties": props, "required": list(required)}
    if g.chance(0.15):
        params["additionalProperties"] = False
    if g.chance(0.08):
        params = {"$schema": "http://json-schema.org/draft-07/schema#", **params}
    if g.chance(0.02 if g.brief else 0.15):
        about += " " + " ".join(g.sentence() for _ in range(g.num(1, 2)))
        if g.chance(0.3):
            about = about.replace(". ", ".\n\n- ")
    function = {"name": name, "description": about, "parameters": params}
    return {"type": "function", "function": function}


def ordered(value: Any, g: Gen, how: str) -> Any:
    """The same JSON value with its keys sorted or shuffled."""
    if isinstance(value, dict):
        keys = list(value)
        keys.sort() if how == "sort" else g.r.shuffle(keys)
        return {k: ordered(value[k], g, how) for k in keys}
    if isinstance(value, list):
        return [ordered(v, g, how) for v in value]
    return value


class Tool:
    """One offered tool: its declaration and a way to ask for it."""

    def __init__(self, kind: str, declaration: dict, ask: Callable[[Gen], tuple[str, dict]], intro: str) -> None:
        self.kind, self.declaration, self.ask, self.intro = kind, declaration, ask, intro
        self.name: str = declaration["function"]["name"]


ASK = ["", "Please ", "please ", "Can you ", "Could you ", "Could you please ", "Now ", "Next, ", "Then ", "I want you to ", "I need you to ",
       "Go ahead and ", "Would you ", "Hey, ", "OK, ", "First ", "Try to ", "Let's ", "You should ", "Kindly "]
TELL = ["", "", "", ".", ".", " please", ", please", " for me", " and tell me what it {v}", " and tell me what it {v}.", " and show me the output", " and report the result",
        " and tell me the result.", ", then tell me what it {v}", ". What does it {b}?", ". Tell me what you see.", " and say what you get", " and give me the result",
        " and summarise what you see", ", thanks", " now", "?", " and show me", " and repeat what it {v}."]
#: More ways to go on after an argument, for the training only.
MORE_TELL = [".", ".", ".", "?", "!", ". Thanks", ". Thank you!", ". Then tell me what it {v}.", ". Tell me the result.", ". Show me the output.", " then tell me what it {v}", " then show me the result",
             " and then tell me what it {v}", " and give me the output.", " and tell me what it {v}?", " and report what it {v}", " and repeat the result", " and repeat what it {v}", ", and tell me what it {v}",
             ", and show me the output.", ", then repeat what it {v}.", ", then give me the result", ". What do you get?", " and explain what you see.", ", please.", " please."]
AND_VERBS = "tell me|show me|repeat|report|say|give me|print|explain|describe|read me|send me|return|let me know|copy".split("|")
AND_WHAT = "what it {v}|what it {v}|what you get|what you see|the result|the output|what comes back|all of it|the text|every line|what it {v} exactly|the answer|what happens".split("|")


def ending(g: "Gen", v: str) -> str:
    """A way to go on after a bare argument: a dot, or "and ..."; for the training only."""
    if g.chance(0.35):
        return g.pick((".", ".", ".", ".", "!", ". Please.", ". Thanks.", ". Then " + g.pick(AND_VERBS) + " " + g.pick(AND_WHAT).format(v=v) + "."))
    lead = g.pick((" and ", " and ", " and ", " and then ", ", and ", ", then ", " then ", ". And ", " and please "))
    return lead + g.pick(AND_VERBS) + " " + g.pick(AND_WHAT).format(v=v) + g.pick(("", ".", ".", "", " please", ", please", "!"))


#: Commands without any made-up word, for the training only.
PLAIN = [c for c in ("ls", "ls -la", "ls -l", "pwd", "date", "whoami", "hostname", "uname -a", "uname", "id", "df -h", "free -m", "ps aux", "env", "git status", "git log", "git diff", "git branch", "make", "make test", "npm test",
                     "npm install", "cargo build", "swift build", "swift test", "go test ./...", "pytest", "top", "history", "w", "who", "last", "cal", "tree", "ls ..", "ls /", "ls ~", "cd ..", "git pull", "git push", "docker ps",
                     "python3 --version", "node -v", "swift --version", "git --version", "cat README.md", "cat Makefile", "echo hello", "echo hi", "sw_vers", "arch", "nproc", "lscpu", "lsblk", "mount", "dmesg", "ifconfig", "ip addr", "sync")
         if not any(is_eval_stem(w) for w in re.findall("[A-Za-z]+", c) if len(w) >= 5)]
CLEAR_TELL = [t for t in TELL if t not in (" now", " for me", " please", " and show me")]


def quoted(g: Gen, text: str, words: tuple[str, str]) -> str:
    """An argument in quotes or bare, and the rest of the request after it."""
    k = g.r.random()
    v, b = words
    if not g.held_out and g.chance(0.25):
        return text + ending(g, v)
    if not g.held_out and g.chance(0.4):  # the end of a bare argument is what is hard to learn
        tail = g.pick(MORE_TELL) if g.chance(0.7) else g.pick(CLEAR_TELL if " " in text else TELL)
        return text + tail.format(v=v, b=b)
    if k < 0.45 and "`" not in text:
        q, tail = f"`{text}`", g.pick(TELL)
    elif k < 0.52 and '"' not in text:
        q, tail = f'"{text}"', g.pick(TELL)
    elif k < 0.56 and "'" not in text:
        q, tail = f"'{text}'", g.pick(TELL)
    elif k < 0.6:
        return f"this:\n\n```\n{text}\n```" + g.pick(("", "", "\n", "\nTell me what you see.", "\n\nShow me the result."))
    elif k < 0.64:
        return f"this:\n{text}" + g.pick(("", "", "\n", "\nTell me what you see."))
    elif k < 0.67:
        return f"the following: {text}"
    else:
        q, tail = text, g.pick(CLEAR_TELL if " " in text else TELL)
    return q + tail.format(v=v, b=b)


def opener(g: Gen, phrases: list[str]) -> str:
    """The start of a request, up to the argument."""
    ask = g.pick(ASK)
    text = ask + g.pick(phrases)
    return text[0].upper() + text[1:] if g.chance(0.8) else text


def usual(g: Gen) -> float:
    """How often a tool has its usual name."""
    return 0.8 if g.held_out else 0.6


def named(g: Gen, name: str, param: str) -> tuple[str, str]:
    """In the training now and then a name that the model has to read from the declaration."""
    if not g.held_out and g.chance(0.12):
        name = invented(g, g.pick(VERBS))
    return name, g.pick((g.pick(g.nouns), g.stem(), f"{g.pick(g.nouns)}_{g.pick(g.nouns)}", f"{g.stem()}{g.pick(g.nouns).capitalize()}")) if not g.held_out and g.chance(0.12) else param


def invented(g: Gen, verb: str) -> str:
    """The name of a tool that no other program has."""
    noun = g.pick((g.pick(g.nouns), g.stem()))
    return g.pick((f"{verb}_{noun}", f"{verb}{noun.capitalize()}", f"{verb.capitalize()}{noun.capitalize()}", f"mcp__{g.stem()}__{verb}_{noun}"))


def bash(g: Gen) -> Tool:
    name, param = ("Bash", "command") if g.chance(usual(g)) else (g.pick(("bash", "shell", "run_command", "execute", "terminal", "Shell", "exec", "run_shell")), g.pick(("command", "command", "cmd", "input")))
    name, param = named(g, name, param)
    about = g.pick(("Executes a given bash command and returns its output.", "Run a shell command.", "Runs a command in a shell and returns what it prints.",
                    "Execute a command in the terminal.", "Executes a bash command in a persistent shell session with optional timeout.", "Run a bash command"))

    def ask(g: Gen) -> tuple[str, dict]:
        k = g.r.random()
        if k < 0.12:
            d = g.directory() + g.pick(("/", ""))
            text = opener(g, ["list the files in ", "list files in ", "list the files under ", "list what is in the directory ", "list the contents of the folder "]) + quoted_short(g, d)
            return text, {param: f"ls {d}"}
        if k < 0.17:
            f = g.file()
            return opener(g, ["count the lines of ", "count the lines in ", "count how many lines are in "]) + quoted_short(g, f), {param: f"wc -l {f}"}
        c = g.pick(PLAIN) if not g.held_out and g.chance(0.08) else g.command()
        lead = opener(g, ["run ", "run ", "run ", "execute ", "run the command ", "execute the command ", "run the shell command ", f"use {name} to run ", f"use the {name} tool to run ",
                          f"call {name} with ", "run this command: ", "start ", "launch ", "use the shell to run ", "run: ", "try running ", "do a "])
        return lead + quoted(g, c, ("prints", "print")), {param: c}

    return Tool("bash", schema(g, name, about, {param: g.pick(("The command to execute", "The shell command to run", "Command line"))},
                               {"description": ("string", "What the command does, in five to ten words"), "timeout": ("number", "Optional timeout in milliseconds"), "run_in_background": ("boolean", "Set to true to run in the background")}), ask, "The command printed:")


def quoted_short(g: Gen, text: str) -> str:
    """A path in or without backticks, with a short tail."""
    if not g.held_out and g.chance(0.25):
        return text + ending(g, "says")
    if not g.held_out and g.chance(0.5):
        return text + g.pick((".", ".", ".", "?", " and tell me the result", ", then tell me what you see", ". Thanks", " and show me.", "!"))
    return g.pick((f"`{text}`", text, text)) + g.pick(("", "", "", ".", "?", " and tell me the result.", " for me", ", please"))


def read(g: Gen) -> Tool:
    name, param = ("Read", "file_path") if g.chance(usual(g)) else (g.pick(("read_file", "read", "ReadFile", "open_file", "view_file", "View")), g.pick(("path", "file_path", "file", "filename")))
    name, param = named(g, name, param)
    about = g.pick(("Reads a file from the local filesystem.", "Read a file and return its contents.", "Reads the text of a file.", "Read file contents", "Open a file and return its text."))

    def ask(g: Gen) -> tuple[str, dict]:
        f = g.file()
        lead = opener(g, ["read ", "read ", "read the file ", "open ", "open the file ", "show me the file ", "look at the file ", "look at ", f"use {name} to read ", f"use the {name} tool on ",
                          "show the contents of ", "tell me what is in ", "tell me what the file says: ", "show me what is in ", "load the file ", "take a look at "])
        if g.chance(0.1):
            return g.pick((f"What is in {f}?", f"What does {f} contain?", f"What's in the file `{f}`?", f"What does the file {f} say?")), {param: f}
        return lead + quoted(g, f, ("says", "say")), {param: f}

    return Tool("read", schema(g, name, about, {param: g.pick(("The absolute path to the file to read", "The path of the file", "File to read"))},
                               {"offset": ("number", "The line number to start reading from"), "limit": ("number", "The number of lines to read")}), ask, "The file contains:")


def write(g: Gen) -> Tool:
    name = "Write" if g.chance(usual(g)) else g.pick(("write_file", "WriteFile", "save_file", "create_file"))
    param = "file_path" if name == "Write" else g.pick(("path", "file_path", "filename"))
    name, param = named(g, name, param)
    body = "content" if g.chance(0.85) else "text"

    def ask(g: Gen) -> tuple[str, dict]:
        f, text = g.file(), g.phrase(1, 4)
        q = g.pick("`\"'")
        form = g.pick((f"write {q}{text}{q} to {f}", f"write {q}{text}{q} to `{f}`", f"write {q}{text}{q} into the file {f}", f"save {q}{text}{q} to {f}", f"create the file {f} with the content {q}{text}{q}",
                       f"create `{f}` with the text {q}{text}{q}", f"put {q}{text}{q} into {f}"))
        return opener(g, [form]) + g.pick(("", ".", "", " please", " and tell me when it is done.")), {param: f, body: text}

    return Tool("write", schema(g, name, g.pick(("Writes a file to the local filesystem.", "Write text to a file.", "Create or overwrite a file.")), {param: "The path of the file to write", body: "The text to write"}), ask, "Done:")


def grep(g: Gen) -> Tool:
    name = "Grep" if g.chance(usual(g)) else g.pick(("grep", "search_files", "SearchText", "search_code"))

    def ask(g: Gen) -> tuple[str, dict]:
        s, d = g.name(), g.path()
        q = g.pick(("`", '"', "'", "", ""))
        w = g.pick(("`", "", ""))
        form = g.pick((f"search for {q}{s}{q} in {w}{d}{w}", f"grep for {q}{s}{q} in {w}{d}{w}", f"find {q}{s}{q} in the files under {w}{d}{w}", f"look for {q}{s}{q} in {w}{d}{w}", f"search {w}{d}{w} for {q}{s}{q}",
                       f"find where {q}{s}{q} occurs in {w}{d}{w}"))
        if not g.held_out and g.chance(0.25):
            return opener(g, [form]) + ending(g, "finds"), {"pattern": s, "path": d}
        return opener(g, [form]) + g.pick(("", "", ".", "?", " please", " and tell me the matches.") if g.held_out else ("", "", ".", ".", "?", " please", " and tell me the matches.", ", then tell me what you find", " and show me the lines")), {"pattern": s, "path": d}

    return Tool("grep", schema(g, name, g.pick(("Searches file contents with a regular expression.", "Search for text in files.", "A search tool for file contents.")), {"pattern": "The pattern to search for", "path": "The file or directory to search in"},
                               {"glob": ("string", "Glob to filter files"), "output_mode": ("string", "content, files_with_matches or count")}), ask, "The search found:")


def glob(g: Gen) -> Tool:
    name = "Glob" if g.chance(usual(g)) else g.pick(("glob", "find_files", "FindFiles"))

    def ask(g: Gen) -> tuple[str, dict]:
        pattern = g.pick((f"*{g.stem()}*", f"**/{g.stem()}.*", f"{g.directory()}/*.{g.ext()}", f"**/{g.name()}.{g.ext()}", f"{g.directory()}/**/*.{g.ext()}", f"{g.stem()}*.{g.ext()}"))
        q = g.pick(("`", "`", '"', ""))
        form = g.pick(("find files matching ", "find all files that match ", "list all files matching ", "find the files that match the pattern ", "glob for ", "show me files matching ", "which files match "))
        if not g.held_out and g.chance(0.25):
            return opener(g, [form]) + q + pattern + q + ending(g, "finds"), {"pattern": pattern}
        return opener(g, [form]) + q + pattern + q + g.pick(("", "", " please", " and tell me the names") if g.held_out else ("", "", ".", "?", " please", " and tell me the names", ", then tell me how many")), {"pattern": pattern}

    return Tool("glob", schema(g, name, g.pick(("Finds files by a glob pattern.", "Fast file pattern matching.", "Lists the files whose names match a pattern.")), {"pattern": "The glob pattern to match files against"}, {"path": ("string", "The directory to search in")}), ask, "Files found:")


def fetch(g: Gen) -> Tool:
    name = "WebFetch" if g.chance(usual(g)) else g.pick(("fetch", "fetch_url", "http_get", "get_page"))

    def ask(g: Gen) -> tuple[str, dict]:
        url = f"{g.pick(('https', 'https', 'http'))}://{g.pick(('', 'www.', 'docs.'))}{g.stem()}.{g.pick(('com', 'org', 'dev', 'io', 'example'))}/" + "/".join(g.name() for _ in range(g.num(0, 2)))
        q = g.pick(("`", "", "", '"'))
        if not g.held_out and g.chance(0.25):
            return opener(g, ["fetch ", "get the page ", "download ", "fetch the web page ", "load the page ", "get the url "]) + q + url + q + ending(g, "says"), {"url": url}
        return opener(g, ["fetch ", "get the page ", "download ", "fetch the web page ", "load the page ", "get the url "]) + q + url + q + g.pick(("", "", " please", " and tell me what it says", " and tell me what is on it") if g.held_out else ("", "", ".", " please", " and tell me what it says", " and tell me what is on it", ". What does it say?")), {"url": url}

    return Tool("fetch", schema(g, name, g.pick(("Fetches a web page.", "Download the content of a URL.", "Get the text of a web page.")), {"url": "The URL to fetch"}), ask, "The page says:")


def weather(g: Gen) -> Tool:
    name, param = ("get_weather", "city") if g.chance(0.75) else (g.pick(("weather", "GetWeather", "current_weather")), g.pick(("city", "location", "place")))
    name, param = named(g, name, param)

    def ask(g: Gen) -> tuple[str, dict]:
        city = g.stem().capitalize() + (" " + g.stem().capitalize() if g.chance(0.15 if g.held_out else 0.35) else "")
        if not g.held_out and g.chance(0.2):
            city = g.pick("Paris London Berlin Madrid Rome Vienna Oslo Tokyo Lagos Lima Cairo Delhi Boston Seattle Zurich Prague".split())
        return g.pick((f"What is the weather in {city}?", f"What's the weather like in {city}?", f"How is the weather in {city} today?", f"Tell me the weather in {city}.", f"weather in {city}", f"Get the weather for {city}",
                       f"Is it raining in {city}?", f"How warm is it in {city} now?", f"Please check the weather in {city}", f"Do I need a coat in {city}?")), {param: city}

    return Tool("weather", schema(g, name, g.pick(("Get the current weather of a city.", "Returns the weather for a place.", "Current weather")), {param: g.pick(("The city", "Name of the city", "The place"))}), ask, "The weather:")


def other(g: Gen) -> Tool:
    """An invented tool with one string parameter, asked for by its name."""
    verb = g.pick("get find lookup search list check show fetch count send describe translate resolve open".split())
    name = invented(g, verb)
    noun = re.split("_|(?=[A-Z])", name)[-1].lower()
    param = g.pick("query id name topic text key value city user title word date symbol item".split())
    if not g.held_out and g.chance(0.4):
        param = g.pick((g.pick(g.nouns), g.stem(), f"{g.pick(g.nouns)}_{g.pick(g.nouns)}"))

    def ask(g: Gen) -> tuple[str, dict]:
        value = g.pick((g.phrase, g.name, g.stem, g.path))()
        q = g.pick(("`", '"', "'", ""))
        form = g.pick((f"use {name} with {param} {q}{value}{q}", f"call {name} with {q}{value}{q}", f"call the {name} tool with {param} {q}{value}{q}", f"use the {name} tool for {q}{value}{q}", f"{verb} {noun} {q}{value}{q}",
                       f"{verb} the {noun} for {q}{value}{q}", f"use {name} on {q}{value}{q}"))
        if not g.held_out and g.chance(0.25):
            return opener(g, [form]) + ending(g, g.pick(("says", "returns"))), {param: value}
        return opener(g, [form]) + ("" if not q else g.pick(("", ".", " please", " and tell me the result"))), {param: value}

    return Tool("other", schema(g, name, f"{verb.capitalize()} the {noun} for a {param}.", {param: f"The {param}"}), ask, "The tool answered:")


def bystander(g: Gen) -> Tool:
    """A tool that is offered and never asked for, with many parameters."""
    name = g.pick(("Agent", "Task", "TodoWrite", "NotebookEdit", "Edit", "MultiEdit", "WebSearch", "ExitPlanMode", "BashOutput", "KillShell", "Skill", "AskUserQuestion", g.stem().capitalize() + "Tool"))
    about = " ".join(g.sentence() for _ in range(g.num(1, 3)))
    params = {g.pick(g.nouns): g.phrase(2, 4) for _ in range(g.num(1, 3))}
    return Tool("bystander", schema(g, name, about, params, {"old_string": ("string", "The text to replace"), "limit": ("integer", "How many")}), lambda g: ("", {}), "")


KINDS: list[tuple[Callable[[Gen], Tool], float]] = [(bash, 0.42), (read, 0.2), (grep, 0.08), (glob, 0.07), (write, 0.07), (fetch, 0.05), (weather, 0.05), (other, 0.09)]


def offer(g: Gen, small: bool) -> list[Tool]:
    """One to five different tools in random order."""
    count = g.pick((1, 1, 2, 2, 3)) if small else g.pick((1, 2, 2, 3, 3, 4, 5))
    tools: list[Tool] = []
    while len(tools) < count:
        maker = bystander if g.chance(0.06 if small else 0.1) and tools else g.r.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
        tool = maker(g)
        if all(tool.kind != t.kind or tool.kind == "other" for t in tools) and all(tool.name != t.name for t in tools):
            tools.append(tool)
    if all(t.kind == "bystander" for t in tools):
        tools[0] = bash(g)
    g.r.shuffle(tools)
    return tools


def report(intro: str, result: str) -> str:
    """What the assistant says about a result."""
    text = result.split("<system-reminder>")[0].strip("\n")
    if not text.strip():
        return "It finished and printed nothing."
    if text.startswith(("Exit code", "Error")):
        intro = "It failed:"
    lines = text.split("\n")
    if len(lines) > 12:
        return f"{intro}\n\n```\n" + "\n".join(lines[:8]) + "\n```\n\nThese are the first lines; the output is longer."
    return f"{intro}\n\n```\n{text}\n```"


# --------------------------------------------------------------------------- talk

HELLO = "Hello! I am the anyclaude demo model, a very small model that runs on your own computer. I can call the tools you offer me, for example to run a command or to read a file, and report what they return. What shall I do?"
WHO = "I am the anyclaude demo model: a very small language model, trained to show and to test anyclaude. I can call tools and report their results."
CAN = "I can call the tools of this conversation, for example to run a command or to read a file, and report what they return. I am too small for more than that."
THANKS = "You are welcome. Tell me if I should run or read something else."
BYE = "Goodbye! I am here when you need me."
FINE = "I am fine, thank you. What shall I do for you?"
OK = "Good. Tell me what to run or to read next."
UNKNOWN = "I am only a small demo model, so I cannot answer that reliably. I can call tools, for example to run a command or to read a file."
NO_TOOLS = "I have no tools in this conversation, so I cannot do that."
NO_TOOL = "I have no tool for that in this conversation."


def fact(g: Gen) -> str:
    """A question or a task that this model cannot answer."""
    x, n, t = g.stem(), g.pick(g.nouns), g.pick(TOPICS)
    return g.pick((
        f"What is the capital of {x.capitalize()}?", f"Explain {t} in simple words.", f"Write a poem about {n}s.", "Why is the sky blue?", f"How do I {g.pick(VERBS)} a {n} in {x.capitalize()}?",
        f"Who invented the {n}?", f"What is {g.num(2, 999)} + {g.num(2, 999)}?", f"What is {g.num(2, 99)} times {g.num(2, 99)}?", f"Tell me a story about a {g.pick(ADJECTIVES)} {n}.", f"Write a function that {g.pick(VERBS)}s a {n}.",
        f"What do you think about {t}?", f"Translate '{g.phrase()}' to French.", f"Tell me about {t}.", f"When did {x.capitalize()} win?", f"What does {x} mean?", f"Is a {n} bigger than a {g.pick(g.nouns)}?", "Tell me a joke.",
        f"Refactor the {n} {g.pick(g.nouns)} so that it is {g.pick(ADJECTIVES)}.", f"Fix the bug in the {n} code.", f"How many {n}s are in a {g.pick(g.nouns)}?", f"Give me advice on {t}.", f"How does a {n} work?", f"What is {t}?", "What is the meaning of life?",
    ))


def small_talk(g: Gen) -> tuple[str, str]:
    """A remark that needs no tool, and its answer."""
    k = g.r.random()
    end = g.pick(("", "!", ".", "", "!"))
    if k < 0.32:
        hi = g.pick(("Hello", "hello", "Hi", "hi", "Hey", "hey", "Good morning", "Good evening", "Hello there", "hi there", "Greetings", "Hello anyclaude", "Good day", "HELLO", "Hey there", "Hello, model"))
        more = g.pick(("", "", "", "", ", how are you?", ", who are you?", ", nice to meet you", ", are you there?", ". Can you hear me?", ", what can you do?", ", what are you?"))
        return hi + (more or end), HELLO
    if k < 0.45:
        return g.pick(("Who are you?", "What are you?", "who are you", "Which model are you?", "What is your name?", "Are you Claude?", "Tell me about yourself.", "What model is this?", "Introduce yourself.", "Are you a robot?", "Who made you?", "what's your name?")), WHO
    if k < 0.56:
        return g.pick(("What can you do?", "what can you do", "How can you help me?", "Help", "help", "What are you good for?", "What tools do you have?", "Can you help me?", "What do you know?", "How do you work?")), CAN
    if k < 0.65:
        return g.pick(("Thanks", "Thank you", "thanks a lot", "Great, thanks", "Thank you very much", "thx", "Perfect, thank you", "Nice, thanks")) + end, THANKS
    if k < 0.69:
        return g.pick(("Bye", "Goodbye", "bye bye", "See you", "Good night", "See you later")) + end, BYE
    if k < 0.72:
        return g.pick(("How are you?", "how are you doing?", "How is it going?", "Are you well?")), FINE
    if k < 0.75:
        return g.pick(("ok", "OK.", "Good.", "Great!", "Very good", "Fine", "Nice!", "Understood.")), OK
    if k < 0.85:
        text = g.pick((g.phrase, g.name, lambda: g.stem().upper(), g.sentence))()
        return g.pick((f"Say {text}", f"Say: {text}", f"Reply with exactly: {text}", f"Reply with only `{text}`", f'Say "{text}"', f"Answer with the text {text}", f"Repeat after me: {text}", f"Reply with the word {text}", f"Echo this back: {text}")), text
    return fact(g), UNKNOWN


# --------------------------------------------------------------------------- dialogues


def remind(g: Gen, text: str) -> str:
    """The user's text, now and then with a reminder block before or after it."""
    k = g.r.random()
    if k > (0.04 if g.brief else 0.12):
        return text
    block = f"<system-reminder>\n{g.filler(g.pick((30, 60) if g.brief else (30, 100, 300)))}\n</system-reminder>"
    return f"{block}\n{g.pick(('', chr(10)))}{text}" if k < 0.09 else f"{text}\n\n{block}"


def call(tool: str, arguments: dict, ident: str) -> Message:
    """An assistant message that calls one tool."""
    return {"role": "assistant", "content": "", "tool_calls": [{"id": ident, "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments, ensure_ascii=False)}}]}


def dialogue(seed: int, index: int, profile: str) -> Dialogue:
    """The training dialogue of this index; ``profile`` is copy, short, mid or long."""
    g = Gen(f"{seed}:{profile}:{index}")
    if profile == "copy":
        return copy_task(g)
    small = g.brief = profile == "short"
    if small:
        chars = g.pick((0, 0, 0, 40, 40, 120))
    elif profile == "mid":
        chars = g.pick((0, 40, 40, 150, 300, 600, 900))
    else:
        chars = g.pick((1000, 2800, 3300, 3800, 4100, 4600))
    messages: list[Message] = []
    system = g.system(chars)
    if system is not None:
        messages.append({"role": "system", "content": system})
    tools = offer(g, small)
    declared = [t.declaration for t in tools]
    k = g.r.random()
    if k < (0.1 if small else 0.06):  # talk without or with tools
        for _ in range(g.pick((1, 1, 2))):
            user, answer = small_talk(g)
            messages += [{"role": "user", "content": remind(g, user)}, {"role": "assistant", "content": answer}]
        if g.chance(0.6):
            declared = []
    elif k < (0.19 if small else 0.12):  # a wish without a tool
        if g.chance(0.65):
            maker = g.pick([m for m, _ in KINDS[:-1]])
            if g.chance(0.5):
                maker = bash
            messages += [{"role": "user", "content": remind(g, maker(g).ask(g)[0])}, {"role": "assistant", "content": NO_TOOLS}]
            declared = []
        else:
            kinds = {t.kind for t in tools}
            wishes = [m for m in (read, grep, glob, fetch, weather, bash) if m.__name__ not in kinds and not (m in (read, grep, glob) and "bash" in kinds)]
            if not wishes:
                wishes = [weather]
                tools = [t for t in tools if t.kind != "weather"]
                declared = [t.declaration for t in tools]
            wish = g.pick(wishes)(g)
            messages += [{"role": "user", "content": remind(g, wish.ask(g)[0])}, {"role": "assistant", "content": NO_TOOL if declared else NO_TOOLS}]
    else:
        usable = [t for t in tools if t.kind != "bystander"]
        for turn in range(g.pick((1, 1, 1, 1, 1, 2)) if small else g.pick((1, 1, 2, 2, 3))):
            if turn and g.chance(0.15):
                user, answer = small_talk(g)
                messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
                continue
            if not small and g.chance(0.05):
                messages.append({"role": "system", "content": g.sentence()})
            tool = g.pick(usable)
            text, arguments = tool.ask(g)
            result = g.result(110 if small and g.chance(0.7) else 260)
            if not small and g.chance(0.03):
                result = "\n".join(g.line() for _ in range(g.num(13, 30)))
            shown = result + g.pick(("", "", "", "\n", "\n")) if result else result
            if g.chance(0.03):
                shown += f"\n\n<system-reminder>\n{g.sentence()}\n</system-reminder>"
            ident = f"call_{turn}"
            messages += [{"role": "user", "content": remind(g, text)}, call(tool.name, arguments, ident),
                         {"role": "tool", "tool_call_id": ident, "content": shown}, {"role": "assistant", "content": report(tool.intro, result)}]
    how = g.r.random()
    if how < 0.3 and declared:
        declared = [ordered(t, g, "sort" if how < 0.2 else "shuffle") for t in declared]
    return {"messages": messages, "tools": declared, "compact": g.chance(0.08)}


def copy_task(g: Gen) -> Dialogue:
    """Warm-up: repeat random lines. It makes the model learn to copy."""
    lines = [g.pick((g.command, g.path, g.line, g.phrase))() for _ in range(g.num(1, 4))]
    body = "\n".join(lines)
    return {"messages": [{"role": "user", "content": g.pick(("Say: ", "Repeat: ", "Echo this back: ")) + body}, {"role": "assistant", "content": body}], "tools": [], "compact": False}


# --------------------------------------------------------------------------- evaluation


def evaluation() -> tuple[list[dict], list[dict], list[dict]]:
    """The requests, the filler texts and the chat prompts of the evaluation."""
    g = Gen(f"eval:{EVAL_SEED}", held_out=True)
    cases: list[dict] = []
    while len(cases) < EVAL_SIZE:
        tools = offer(g, small=False)
        usable = [t for t in tools if t.kind != "bystander"]
        messages: list[Message] = []
        system = g.system(g.pick((0, 40, 40, 300, 800)))
        if system:
            messages.append({"role": "system", "content": system})
        if len(cases) % 6 == 5:  # a finished request before this one
            before = g.pick(usable)
            text, arguments = before.ask(g)
            result = g.result()
            messages += [{"role": "user", "content": text}, call(before.name, arguments, "call_0"), {"role": "tool", "tool_call_id": "call_0", "content": result},
                         {"role": "assistant", "content": report(before.intro, result)}]
        tool = g.pick(usable)
        text, arguments = tool.ask(g)
        if any(c in v for v in arguments.values() for c in '"\\`') or min(map(len, arguments.values())) < 9:
            continue
        if not any(len(s) >= 5 and is_eval_stem(s) for s in stems_of(" ".join(arguments.values()))):
            continue
        result = g.result(140)
        if not result.strip():
            continue
        messages.append({"role": "user", "content": remind(g, text)})
        cases.append({"id": len(cases) + 1, "kind": tool.kind, "messages": messages, "tools": [t.declaration for t in tools], "tool": tool.name, "arguments": arguments,
                      "result": result, "report": result.strip("\n"), "filler": len(cases) % FILLERS})
    fillers = [{"id": i, "text": Gen(f"filler:{EVAL_SEED}:{i}", held_out=True).filler(FILLER_CHARS)} for i in range(FILLERS)]
    run = [bash(Gen("chat:1", held_out=True)).declaration]
    chats = [{"id": i + 1, "messages": [{"role": "user", "content": u}], "tools": t, "contains": c} for i, (u, t, c) in enumerate((
        ("Hello", [], "anyclaude demo model"), ("hi, who are you?", run, "anyclaude demo model"), ("Good morning!", run, "anyclaude demo model"), ("Hey there", [], "anyclaude demo model"),
        ("Hello, how are you?", run, "anyclaude demo model"), ("What can you do?", run, "call the tools"), ("Thank you!", run, "You are welcome"), ("Who are you?", [], "anyclaude demo model"),
        ("Please run `uptime`", [], "no tools"), ("Why is the sea salty?", run, "small demo model")))]
    return cases, fillers, chats


def stems_of(text: str) -> set[str]:
    """The runs of letters in a text, in lower case."""
    return {w.lower() for w in re.findall(r"[A-Za-z]+", text)}


def dump(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{path.name}: {len(rows)} lines, {path.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", action="store_true", help="write the evaluation set")
    parser.add_argument("--show", type=int, default=0, help="print training dialogues")
    parser.add_argument("--profile", default="short", choices=("copy", "short", "mid", "long"))
    args = parser.parse_args()
    if args.eval:
        cases, fillers, chats = evaluation()
        dump(HERE / "eval.jsonl", cases)
        dump(HERE / "eval_filler.jsonl", fillers)
        dump(HERE / "eval_chat.jsonl", chats)
    for i in range(args.show):
        print(json.dumps(dialogue(SEED, i, args.profile), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
