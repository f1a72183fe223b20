import ArgumentParser
import Control
import JSON

struct HistoryCommand: Command {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "What was applied, by whom, and how it ended; newest first.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let entries = try self.entries(session)
        if json {
            Output.print((["history": try JSON(encoding: entries)] as JSON).versioned())
            return ExitStatus.success
        }
        var table = Table(["GENERATION", "WHEN", "WHO", "OUTCOME", "PLAN", "COMMAND"], style: session.style)
        for entry in entries {
            table.add([
                .init(entry.generation.map(String.init) ?? "-"), .init(entry.time), .init(Text.line(entry.user)),
                .init(entry.outcome.rawValue) { entry.outcome.paint($0, session.style) }, .init(Text.shortID(entry.planId)),
                .init(Text.line(entry.command)),
            ])
            if let reason = entry.reason, !reason.isEmpty { table.add("", "", "", "", "", "  \(Text.line(reason))") }
        }
        for line in table.lines { Output.print(line) }
        return ExitStatus.success
    }

    private func entries(_ session: Session) throws -> [HistoryEntry] {
        let name = session.instanceName()
        if let entries = try session.ask(name, { _, client throws(ControlClientError) in try client.history() }) { return entries }
        if let stored = try StoredHistory.entries(state: session.instance(name).state) { return stored }
        return try session.requireSupervisor(name).client.history()
    }
}

extension Outcome.Result {
    fileprivate func paint(_ text: String, _ style: Style) -> String {
        switch self {
        case .committed: style.good(text)
        case .rolledBack, .failed: style.error(text)
        case .refused: style.warning(text)
        case .unchanged, .stopped: text
        }
    }
}
