import Glibc
import Host

/// For tests alone: ends the own process at a chosen change of a file, as `kill -9` would.
enum CrashPoint {
    /// Its value n: SIGKILL comes just before the n-th `FileStep` since the start. Nothing is counted without it.
    static let variable = "ANYCLAUDE_TEST_CRASH_AT"

    static func honoured<Result>(_ environment: [String: String], during body: () -> Result) -> Result {
        guard let chosen = environment[variable].flatMap(Int.init) else { return body() }
        var passed = 0
        return FileStep.watched(
            by: { _ in
                passed += 1
                // It does not return from this: a signal to itself that cannot be blocked is delivered before the call ends.
                if passed == chosen { kill(getpid(), SIGKILL) }
            }, during: body)
    }
}
