import FoundationEssentials

/// A program that was run to its end.
struct ProgramRun {
    /// As a shell gives it: 128 and the signal's number where a signal ended it.
    var status: Int32
    var output: String
    var errors: String

    struct TimedOut: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a program, searched on PATH unless it has a slash, and waits for it.
    ///
    /// - Parameter limit: seconds after which it is ended and the call throws; a bound for hangs, not a measure.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String? = nil, input: String? = nil, limit: Double = 120
    ) throws -> ProgramRun {
        let child = try SpawnedProgram(program, arguments, environment: environment, directory: directory)
        let end = ContinuousClock.now + .seconds(limit)
        let status = child.exchange(Array((input ?? "").utf8), until: end)
        let (output, errors) = (String(decoding: child.output, as: UTF8.self), String(decoding: child.errors, as: UTF8.self))
        guard let status else {
            throw TimedOut(description: "\(program) \(arguments.joined(separator: " ")): not done after \(limit) s\n\(output)\n\(errors)")
        }
        return ProgramRun(status: status, output: output, errors: errors)
    }
}
