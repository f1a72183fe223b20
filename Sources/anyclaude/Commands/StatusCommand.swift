import ArgumentParser
import Control
import Glibc
import JSON

struct StatusCommand: Command {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "What runs, and how it is.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "Again each second, until interrupted.") var watch = false

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
        // A plan that cannot be read is no reason not to say what runs.
        let places = json ? nil : (try? StackClient.current(of: supervisor)).map(RecordPlaces.init)
        var drawn = 0
        while true {
            let report = try supervisor.client.status()
            let caches = self.caches(report, ProxyQuestion(session, supervisor), session)
            if json {
                var document = try JSON(encoding: report).objectValue ?? [:]
                document["caches"] = caches
                Output.print(JSON.object(document).versioned())
            } else {
                var lines = StatusText(style: session.style).lines(report) + (places?.lines(session.style) ?? [])
                if let caches { lines += [""] + CacheText(style: session.style).lines(caches) }
                let up = drawn > 0 ? "\u{1B}[\(drawn)A\r\u{1B}[J" : ""
                Output.print(up + lines.joined(separator: "\n"))
                drawn = Terminal.isTerminal(STDOUT_FILENO) ? lines.count : 0
            }
            guard watch else { return ExitStatus.success }
            _ = poll(nil, 0, 1000)
        }
    }

    /// Nil where no proxy answers: how it is, the table of services says.
    private func caches(_ report: StatusReport, _ question: ProxyQuestion, _ session: Session) -> JSON? {
        guard report.services.contains(where: { $0.role == "proxy" && $0.state == .ready }) else { return nil }
        do {
            return try question.document(.get("/v1/anyclaude/cache"))
        } catch {
            session.debug(1, "the proxy does not say what its caches have done: \(error)")
            return nil
        }
    }
}
