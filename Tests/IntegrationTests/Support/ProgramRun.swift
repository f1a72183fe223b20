import Foundation

/// A program that was run to its end.
struct ProgramRun {
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
        let process = Process()
        process.executableURL = URL(filePath: program.contains("/") ? program : "/usr/bin/env")
        process.arguments = program.contains("/") ? arguments : [program] + arguments
        process.environment = environment
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        // Files, since a pipe that nobody reads would stop the program.
        let output = try TemporaryFile()
        let errors = try TemporaryFile()
        process.standardOutput = output.handle
        process.standardError = errors.handle
        let source = try TemporaryFile(input ?? "")
        process.standardInput = source.handle
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        if ended.wait(timeout: .now() + limit) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            throw TimedOut(description: "\(program) \(arguments.joined(separator: " ")): not done after \(limit) s\n\(output.text)\n\(errors.text)")
        }
        let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return ProgramRun(status: status, output: output.text, errors: errors.text)
    }
}

/// A file without a name that others can find, gone with its owner.
final class TemporaryFile {
    let path: String
    let handle: FileHandle

    init(_ text: String = "") throws {
        path = "\(NSTemporaryDirectory())/anyclaude-test-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(filePath: path))
        guard let handle = FileHandle(forUpdatingAtPath: path) else { throw CocoaError(.fileReadNoSuchFile) }
        self.handle = handle
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var text: String { (try? String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)) ?? "" }
}
