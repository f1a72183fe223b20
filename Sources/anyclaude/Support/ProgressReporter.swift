import Control
import Glibc
import JSON
import LaunchPlan

/// Tells the user how an apply goes: a view that is redrawn on a terminal, one line an event elsewhere, one document an event for programs.
struct ProgressReporter {
    enum Form { case live, lines, json }

    private let form: Form
    private let style: Style
    private var drawnLines = 0
    private let stopwatch = Stopwatch()
    private var statusLines = StatusLines()
    private(set) var model = ProgressModel()

    init(json: Bool, session: Session) {
        form = json ? .json : (Terminal.isTerminal(STDERR_FILENO) && session.caller.environment["TERM"] != "dumb" ? .live : .lines)
        style = session.errorStyle
    }

    /// How long a caller may wait for the next event before `tick`.
    var periodMs: Int { form == .live ? 100 : 1000 }

    mutating func take(_ event: ProgressEvent) throws {
        model.take(event)
        if let report = event.preflight, form != .json { show(report) }
        switch form {
        case .live: draw()
        case .lines: for line in lines(event) { Output.note(line) }
        case .json: Output.print(try JSON(encoding: event).versioned().text)
        }
    }

    /// What does not hold stays on the terminal, above what is redrawn.
    private mutating func show(_ report: PreflightReport) {
        let lines = PreflightText(style: style).findings(report)
        guard !lines.isEmpty else { return }
        if form == .live { write(lines) } else { for line in lines { Output.note(line) } }
        drawnLines = 0
    }

    mutating func tick() {
        if form == .live { draw() }
    }

    /// Leaves the terminal with the last state of every service and without the line of work.
    mutating func finish() {
        guard form == .live, drawnLines > 0 else { return }
        let lines = LiveView(style: style, width: Terminal.width(STDERR_FILENO) ?? 80).lines(model, elapsedMs: stopwatch.elapsedMs).dropLast()
        write(Array(lines))
        drawnLines = 0
    }

    private mutating func draw() {
        let lines = LiveView(style: style, width: Terminal.width(STDERR_FILENO) ?? 80).lines(model, elapsedMs: stopwatch.elapsedMs)
        write(lines)
        drawnLines = lines.count
    }

    /// Over the lines that were written before, in one write, so that the terminal never shows half of it.
    private func write(_ lines: [String]) {
        let up = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        Output.note(up + "\r\u{1B}[J" + lines.map { $0 + "\n" }.joined(), terminator: "")
    }

    private mutating func lines(_ event: ProgressEvent) -> [String] {
        let time = Text.duration(milliseconds: event.elapsedMs).padding(to: 6)
        let planned = (event.diff?.changes ?? []).filter { $0.action != .unchanged }.map { "\(time) \($0.service)  \(ProgressModel.text(of: $0))" }
        let words = [event.service, event.state?.rawValue, event.message.map(Text.line)].compactMap { $0 }
        guard event.outcome == nil, !words.isEmpty else { return planned }
        if let service = event.service, let message = event.message, !statusLines.isWorthALine(message, of: service, in: event.state) {
            return planned
        }
        let kind = event.service == nil ? "\(event.kind.rawValue): " : ""
        return planned + ["\(time) \(kind)\(words.joined(separator: "  "))"]
    }
}
