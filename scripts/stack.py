"""A stack of its own for one measurement or one trial: a folder with a configuration and a home below it. No test framework."""

import fcntl
import http.client
import json
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

RUN = "ANYCLAUDE_RUN_DIRECTORY="


class Broken(Exception):
    """What must hold and does not."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def read(path):
    """The bytes; none where it has gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def is_alive(pid):
    """A zombie is not."""
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return bool(fields) and fields[0] not in (b"Z", b"X")


def free_ports(count):
    """All at once: no two are the same."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def configuration(services, ports=None, head="probation: 0ms"):
    """One that starts every service: each has a route of its own. No probes, and a restart at once, where a service does not say otherwise.

    `services`: name -> (the words of its command, its other keys as YAML text by name). `ports`: the proxy's, and one for each service.
    """
    proxy, *ports = ports or free_ports(len(services) + 1)
    text = f"backend: {next(iter(services))}\n{head}\nproxy: {{ port: {proxy} }}\nroutes:\n"
    text += "".join(f"  - {{ match: {{ model: {name} }}, to: {name} }}\n" for name in services) + "backends:\n"
    for (name, (words, more)), port in zip(services.items(), ports):
        keys = {
            "kind": "local", "engine": "command", "port": port, "command": json.dumps(words),
            "health": "{ startup: none, readiness: none, liveness: none }", "restart": "{ initial: 0s, max: 100ms }", **more,
        }
        text += f"  {name}:\n" + "".join(f"    {key}: {value}\n" for key, value in keys.items())
    return text


def wait(what, condition, limit=30.0, detail=lambda: ""):
    """Until the condition holds; a limit for hangs, not a measure."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Broken(f"waited {limit} s for: {what} {detail()}")
        time.sleep(0.003)


class Stack:
    def __init__(self, programs, home=None):
        # Short: the path of a Unix socket has at most 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="ac-", dir="/tmp")
        self.home = home or f"{self.folder}/home"
        self.programs = os.path.abspath(programs)
        self.environment = {
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin", "HOME": self.folder, "ANYCLAUDE_HOME": self.home, "LANG": "C.UTF-8",
        }
        self.foreground = None

    # the configuration and the commands

    def write(self, text):
        with open(f"{self.folder}/.anyclauderc.yaml", "w") as file:
            file.write(text)

    def start(self, *arguments, **more):
        return subprocess.Popen(
            ["anyclaude", *arguments], cwd=self.folder, env={**self.environment, **more}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *arguments, limit=60, **more):
        process = self.start(*arguments, **more)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            raise Broken(f"anyclaude {' '.join(arguments)}: not done after {limit} s\n{output}")
        return process.returncode, output

    def must(self, *arguments, **more):
        status, output = self.run(*arguments, **more)
        if status != 0:
            raise Broken(f"anyclaude {' '.join(arguments)} ended with {status}\n{output}\n{self.log()}")
        return output

    # the supervisor

    def supervise(self, prefix=(), **more):
        """In the foreground of a process of ours, with its log in a file."""
        with open(f"{self.folder}/supervise.log", "ab") as log:
            self.foreground = subprocess.Popen(
                [*prefix, "anyclaude", "supervise"], cwd=self.folder, env={**self.environment, **more}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        return self.foreground

    def log(self):
        """The end of what supervisors said."""
        both = read(f"{self.folder}/supervise.log")[-3000:] + read(f"{self.home}/logs/supervisor.log")[-3000:]
        return both.decode(errors="replace")

    def status(self, limit=10):
        """Nil where no supervisor answers."""
        connection = UnixConnection(f"{self.home}/run/control.sock", limit)
        try:
            connection.request("GET", "/v1/status")
            return json.loads(connection.getresponse().read())
        except (ConnectionError, FileNotFoundError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def is_settled(self):
        """The status, where nothing is under way and everything is ready."""
        status = self.status()
        if not status or status.get("busy") or not status["services"]:
            return None
        return status if all(service["state"] == "ready" for service in status["services"]) else None

    def settle(self, limit=30):
        return wait("a stack that is ready", self.is_settled, limit, lambda: f"{self.status()}\n{self.log()}")

    def supervisor(self):
        """The pid of the one that holds the lock; nil where none does."""
        try:
            with open(f"{self.home}/lock") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return None
                except BlockingIOError:
                    return int(lock.read() or 0) or None
        except FileNotFoundError:
            return None

    def kill_supervisor(self):
        """With SIGKILL; returns when it has gone."""
        pid = self.supervisor()
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.bury()
        wait("the lock of the supervisor that was killed", lambda: self.supervisor() != pid)

    def bury(self):
        if self.foreground is not None:
            try:
                self.foreground.wait(30)
            except subprocess.TimeoutExpired:
                raise Broken("the supervisor in the foreground does not end")
            self.foreground = None

    # what there is

    def processes(self):
        """Every process of a run of this stack: (pid, service, arguments, environment)."""
        found = []
        prefix = f"{RUN}{self.home}/run/".encode()
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            environment = read(f"/proc/{name}/environ").split(b"\0")
            run = next((entry for entry in environment if entry.startswith(prefix)), None)
            if run is None or not is_alive(name):
                continue
            arguments = read(f"/proc/{name}/cmdline").decode().split("\0")[:-1]
            variables = dict(entry.decode().split("=", 1) for entry in environment if b"=" in entry)
            found.append((int(name), run[len(prefix):].decode().rpartition(".")[0], arguments, variables))
        return found

    def runs(self):
        """The folders of the runs that have processes."""
        prefix = f"{self.home}/run/"
        return {variables[RUN[:-1]].removeprefix(prefix) for _, _, _, variables in self.processes()}

    def current(self):
        """The current generation, with its plan, both whole; nil where there is none."""
        try:
            link = os.readlink(f"{self.home}/current")
        except FileNotFoundError:
            return None
        generation = json.loads(read(f"{self.home}/{link}"))
        plan = read(f"{self.home}/store/{generation['plan_id'].partition(':')[2]}/plan.json")
        if "sha256:" + hashlib.sha256(b"anyclaude-plan/v1\n" + plan).hexdigest() != generation["plan_id"]:
            raise Broken(f"the plan of generation {generation['number']} is not the one that was applied")
        return generation

    def sweep(self):
        """All processes of the stack end; its supervisor has gone."""
        subprocess.run([f"{self.programs}/anyclaude-supervisor", "--sweep"], env=self.environment, check=True, timeout=30, stdin=subprocess.DEVNULL)

    def close(self):
        """Everything that was started ends, whatever became of it."""
        try:
            self.kill_supervisor()
        finally:
            self.sweep()
            if os.environ.get("ANYCLAUDE_TEST_KEEP") is None:
                shutil.rmtree(self.folder, ignore_errors=True)
