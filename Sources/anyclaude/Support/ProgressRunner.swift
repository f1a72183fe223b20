import Control

/// Follows a stream of progress to its outcome.
struct ProgressRunner {
    /// Silence after which the supervisor is asked whether it still lives.
    private static let silenceMs = 30_000

    let client: ControlClient
    var reporter: ProgressReporter

    init(client: ControlClient, reporter: ProgressReporter) {
        self.client = client
        self.reporter = reporter
    }

    /// - Parameter untilBegun: returns without an outcome as soon as the first service is touched; the change goes on.
    mutating func follow(_ events: ControlEvents<ProgressEvent>, untilBegun: Bool) throws -> Outcome? {
        defer { reporter.finish() }
        var silence = Deadline.after(milliseconds: Self.silenceMs)
        while true {
            if let event = try next(events, &silence) {
                if let outcome = event.outcome { return outcome }
                if untilBegun, event.kind == .service || event.kind == .gate { return nil }
            }
        }
    }

    mutating func follow(_ events: ControlEvents<ProgressEvent>) throws -> Outcome {
        while true {
            if let outcome = try follow(events, untilBegun: false) { return outcome }
        }
    }

    /// Nil where nothing came yet.
    private mutating func next(_ events: ControlEvents<ProgressEvent>, _ silence: inout Deadline) throws -> ProgressEvent? {
        switch try step(events) {
        case .event(let event):
            try reporter.take(event)
            silence = .after(milliseconds: Self.silenceMs)
            return event
        case .waiting:
            reporter.tick()
            guard silence.hasPassed else { return nil }
            _ = try client.status()
            silence = .after(milliseconds: Self.silenceMs)
            return nil
        case .ended:
            throw lost("the supervisor ended the stream before it said how it went")
        }
    }

    private func step(_ events: ControlEvents<ProgressEvent>) throws -> ControlEvents<ProgressEvent>.Step {
        do throws(ControlClientError) {
            return try events.step(by: .after(milliseconds: reporter.periodMs))
        } catch {
            throw error.kind == .disconnected ? lost(error.message) : CommandError(error)
        }
    }

    private func lost(_ what: String) -> CommandError {
        CommandError(what, hint: "`anyclaude status` and `anyclaude history` tell what is current", exitCode: ExitStatus.inputOutput)
    }
}
