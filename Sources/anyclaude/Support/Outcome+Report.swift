import Control

extension Outcome {
    /// Says how it went: a success in one line, a failure with its reason, its log and what to do.
    func report(_ session: Session, done: String) {
        let style = session.errorStyle
        let gaps = gapsMs.sorted { $0.key < $1.key }.map { "\($0.key) did not serve for \(Text.duration(milliseconds: $0.value))" }
        switch result {
        case .committed:
            Output.print("\(done): generation \(generation.map(String.init) ?? "?"), plan \(Text.shortID(planId))")
            if let reason { Output.note("\(style.warning("warning")): \(Text.line(reason))") }
        case .unchanged: Output.print("nothing to do: generation \(generation.map(String.init) ?? "?") is current and unchanged")
        case .stopped: Output.print(done)
        case .rolledBack:
            Output.report(CommandError("rolled back: \(reason ?? "no reason given")", hint: hint, exitCode: Int32(exitCode)), style: style)
            showLog(style)
            Output.note("generation \(generation.map(String.init) ?? "?") runs as before")
        case .failed:
            Output.report(CommandError(reason ?? "no reason given", hint: hint, exitCode: Int32(exitCode)), style: style)
            showLog(style)
        case .refused:
            Output.report(CommandError("refused: \(reason ?? "no reason given")", hint: hint, exitCode: Int32(exitCode)), style: style)
            showLog(style)
        }
        for gap in gaps { Output.note("\(style.warning("gap")): \(gap)") }
    }

    private func showLog(_ style: Style) {
        guard !logTail.isEmpty else { return }
        Output.note(style.dim("the end of its log:"))
        for line in logTail { Output.note(style.dim("  | ") + Text.line(line)) }
    }
}
