#!/usr/bin/env python3
"""Kills supervisors in applies, and looks at what the next one makes of it.

  crash.py PROGRAMS [--every STRIDE] [--random COUNT] [--seed N]

--every    with SIGKILL before each STRIDE-th change of a file (ANYCLAUDE_TEST_CRASH_AT): of a first apply, of one with a new plan and a new
           secret, of one with a new secret alone, of a rollback. 0 leaves it out.
--random   COUNT times at a random moment of an apply.

After each kill a new supervisor starts. Then: the current generation is the old or the new one, whole, and the new one where the apply said so;
exactly its services run, each once, with the arguments of that plan and the secret that belongs to it; a service that no plan changed was
never touched; no two processes of a service ran at once. Ends with 0 where all of this held.
"""

import argparse
import os
import random
import statistics
import sys
import time

from stack import Broken, Stack, configuration, free_ports, read, wait

SECRET = "canary-of-the-crash-"


class Trial:
    def __init__(self, programs):
        self.stack = Stack(programs)
        self.ports = free_ports(4)
        self.wanted = "a"
        self.key = "1"
        self.plans = {}
        self.untouched = None

    def configuration(self, variant):
        arguments = {"lab": "100001" if variant == "a" else "100002", "steady": "100003"}
        if variant == "b":
            arguments["extra"] = "100004"
        folder = self.stack.folder
        services = {
            name: (
                [
                    "/bin/sh", "-c",
                    f"exec 9>>{folder}/{name}.lock; flock -n 9 || {{ echo {name} >> {folder}/doubles; exit 1; }}; exec sleep {argument}",
                ],
                {"environment": "{ KEY: { env: KEY } }"} if name == "lab" else {})
            for name, argument in arguments.items()
        }
        return configuration(services, self.ports)

    def want(self, variant, key):
        """What the next apply applies."""
        self.wanted, self.key = variant, key
        self.stack.write(self.configuration(variant))

    def apply(self, *command, **more):
        return self.stack.run(*(command or ("apply",)), KEY=SECRET + self.key, **more)

    def sleeping(self, status):
        running = self.stack.processes()
        # In the middle of an execve a process has no environment, and is not found by it; the second instance of an overlap may drain.
        if {service["pid"] for service in status["services"]} != {pid for pid, _, _, _ in running}:
            return None
        return running if all(name == "proxy" or arguments[:1] == ["sleep"] for _, name, arguments, _ in running) else None

    def found(self):
        """What runs: (variant, key). Everything that must hold of it was looked at."""
        generation = self.stack.current()
        if generation is None:
            return None
        status = self.stack.settle()
        # A worker counts as ready from its first instruction on: the shell of one may still be on its way to `sleep`.
        running = wait("exactly the services of the status, asleep", lambda: self.sleeping(status), detail=lambda: self.stack.processes())
        names = sorted(name for _, name, _, _ in running)
        variant = "b" if "extra" in names else "a"
        expected = sorted(["lab", "proxy", "steady"] + (["extra"] if variant == "b" else []))
        if names != expected:
            raise Broken(f"there run {running}")
        if sorted((service["name"], service["pid"]) for service in status["services"]) != sorted((name, pid) for pid, name, _, _ in running):
            raise Broken(f"the status is {status['services']}, and there run {running}")
        if status["generation"] != generation["number"]:
            raise Broken(f"generation {status['generation']} runs, {generation['number']} is current")
        if self.plans.setdefault(generation["plan_id"], variant) != variant:
            raise Broken(f"generation {generation['number']} is not what runs: {running}")
        _, _, arguments, variables = next(one for one in running if one[1] == "lab")
        if arguments != ["sleep", "100001" if variant == "a" else "100002"]:
            raise Broken(f"the worker of plan {variant} is {arguments}")
        if os.path.exists(f"{self.stack.folder}/doubles"):
            raise Broken(f"two at once: {read(f'{self.stack.folder}/doubles')}")
        steady = next(pid for pid, name, _, _ in running if name == "steady")
        if self.untouched not in (None, steady):
            raise Broken(f"the service that no plan changed was {self.untouched} and is {steady}")
        self.untouched = steady
        self.stack.must("history")
        return variant, variables["KEY"].removeprefix(SECRET)

    def recover(self, before, committed):
        """A new supervisor comes; what it makes of it is the old or the new, and the new where the apply had said so."""
        self.stack.bury()
        if self.stack.supervisor() is not None:
            raise Broken("the supervisor that was killed lives")
        after = (self.wanted, self.key)
        # No supervisor starts by itself where nothing is current; the next apply takes over what this one left.
        if self.stack.current() is not None:
            self.stack.supervise()
        elif committed or before is not None:
            raise Broken("nothing is current")
        found = self.found()
        if found not in ([after] if committed else [before, after]):
            raise Broken(f"it was {before}, {after} was applied{' and committed' if committed else ''}, and {found} runs")
        return found

    def end(self):
        """Nothing is left, of processes and of secrets."""
        if self.stack.supervisor() is not None:
            self.stack.must("down")
            self.stack.bury()
            if self.stack.processes():
                raise Broken(f"after `down` there run {self.stack.processes()}")
            for folder, _, names in os.walk(self.stack.home):
                for name in names:
                    if os.path.isfile(f"{folder}/{name}") and SECRET.encode() in read(f"{folder}/{name}"):
                        raise Broken(f"after `down` a secret is in {folder}/{name}")

    def explained(self, error):
        return Broken(f"{error}\n{self.stack.log()}")


def in_trial(programs, body):
    trial = Trial(programs)
    try:
        result = body(trial)
        trial.end()
        return result
    except Broken as error:
        raise trial.explained(error)
    finally:
        trial.stack.close()


def other(variant):
    return "a" if variant == "b" else "b"


def sweep(name, programs, stride, before, change, command=("apply",)):
    """`change(trial, found)` sets what is applied next, and says what runs where it had to change that. Returns the number of kills."""

    def body(trial):
        found = before(trial)
        step, kills, kept = 1, 0, 0
        while True:
            found = change(trial, found) or found
            status, output = trial.apply(*command, ANYCLAUDE_TEST_CRASH_AT=str(step))
            if status == 0:
                trial.stack.kill_supervisor()
                trial.recover(found, True)
                return step - 1, kills, kept
            wait("the end of the supervisor", lambda: trial.stack.supervisor() is None, detail=lambda: output)
            try:
                now = trial.recover(found, False)
            except Broken as error:
                raise Broken(f"{name}, killed before step {step}: {error}\n{output}")
            kills += 1
            kept += now == found
            found = now
            trial.stack.kill_supervisor()
            step += stride

    steps, kills, kept = in_trial(programs, body)
    print(f"  {name}: {steps} steps, {kills} kills, {kept} times the old one ran afterwards, {kills - kept} times the new one", flush=True)
    return kills


def first_applies(programs, stride):
    """A new stack for each."""
    step, kills, kept = 1, 0, 0
    while True:

        def body(trial):
            trial.want("a", "1")
            status, output = trial.apply(ANYCLAUDE_TEST_CRASH_AT=str(step))
            if status == 0:
                # It would still end at the step that it did not come to.
                trial.stack.kill_supervisor()
                trial.recover(None, True)
                return None
            wait("the end of the supervisor", lambda: trial.stack.supervisor() is None, detail=lambda: output)
            found = trial.recover(None, False)
            if found is None:
                # Nothing stands in the way of the next one.
                status, output = trial.apply()
                if status != 0:
                    raise Broken(f"the next apply: {output}")
                trial.found()
            return [found]

        try:
            result = in_trial(programs, body)
        except Broken as error:
            raise Broken(f"a first apply, killed before step {step}: {error}")
        if result is None:
            break
        kills += 1
        kept += result == [None]
        step += stride
    print(f"  a first apply: {step - 1} steps, {kills} kills, {kept} times nothing ran afterwards, {kills - kept} times the new one", flush=True)
    return kills


def applied(trial, variant="a"):
    trial.want(variant, "1")
    status, output = trial.apply()
    if status != 0:
        raise Broken(output)
    found = trial.found()
    trial.stack.kill_supervisor()
    return found


def applied_twice(trial):
    applied(trial)
    return applied(trial, "b")


def rolled(trial, found):
    """To the first generation; an apply makes it the other plan again once that one runs."""
    if found[0] == "a":
        trial.want("b", "1")
        status, output = trial.apply()
        if status != 0:
            raise Broken(output)
        found = trial.found()
        trial.stack.kill_supervisor()
    trial.wanted = "a"
    return found


def randomly(programs, count, seed):
    choose = random.Random(seed)

    def body(trial):
        trial.want("a", "1")
        trial.stack.must("apply", KEY=SECRET + "1")
        found = trial.found()
        times = []
        for round_ in range(5):
            trial.want(other(found[0]), str(round_ + 2))
            start = time.monotonic()
            trial.stack.must("apply", KEY=SECRET + trial.key)
            times.append(time.monotonic() - start)
            found = trial.found()
        usual = statistics.median(times)
        cut = kept = 0
        for round_ in range(count):
            # Now a new plan with a new secret, now a secret alone.
            trial.want(other(found[0]) if round_ % 3 else found[0], str(round_ + 10))
            command = trial.stack.start("apply", KEY=SECRET + trial.key)
            delay = choose.uniform(0, 1.1 * usual)
            time.sleep(delay)
            trial.stack.kill_supervisor()
            output, _ = command.communicate(timeout=60)
            committed = command.returncode == 0
            # The command starts a supervisor of its own where there is none when it looks.
            trial.stack.kill_supervisor()
            try:
                now = trial.recover(found, committed)
            except Broken as error:
                raise Broken(f"round {round_}, killed after {delay * 1000:.0f} ms: {error}\n{output}")
            cut += not committed
            kept += now == found
            found = now
        return usual, cut, kept

    usual, cut, kept = in_trial(programs, body)
    print(
        f"  at random: {count} kills within {1.1 * usual * 1000:.0f} ms (seed {seed}); {cut} cut an apply short; {kept} times the old one ran "
        f"afterwards, {count - kept} times the new one", flush=True)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--random", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    start = time.monotonic()
    kills = 0
    try:
        if options.every > 0:
            kills += first_applies(options.programs, options.every)
            kills += sweep(
                "a new plan and a new secret", options.programs, options.every, applied,
                lambda trial, found: trial.want(other(found[0]), str(int(found[1]) + 1)))
            kills += sweep(
                "a new secret alone", options.programs, options.every, applied, lambda trial, found: trial.want(found[0], str(int(found[1]) + 1)))
            kills += sweep("a rollback", options.programs, options.every, applied_twice, rolled, ("rollback", "1"))
        if options.random > 0:
            kills += randomly(options.programs, options.random, options.seed)
    except Broken as error:
        print(f"BROKEN after {kills} kills (seed {options.seed}): {error}")
        return 1
    print(f"{kills} kills in {time.monotonic() - start:.0f} s: always a whole generation, always the right workers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
