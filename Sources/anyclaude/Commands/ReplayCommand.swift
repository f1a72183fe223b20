import ArgumentParser
import Control
import JSON
import Messages

struct ReplayCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send captured requests again, and compare the answers with those that their clients got.",
        discussion: """
            A capture is what `proxy.capture` writes (docs/CAPTURE.md). Compared are status, error, stop reason, the kinds of blocks and the names \
            of tools; with --exact texts and inputs too. With --offline the recorded servers answer, so that no model is needed: a test of the \
            proxy. Ends with 1 where an answer differs.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("The capture.", valueName: "file"), completion: .file()) var capture: String
    @Option(help: ArgumentHelp("Send all requests to this backend of the stack; with --offline, only those that went to it.", valueName: "NAME"))
    var backend: String?
    @Option(help: ArgumentHelp("Send them to this address instead of the stack.", valueName: "URL")) var url: String?
    @Flag(help: "Let the recorded servers answer.") var offline = false
    @Flag(help: "Only serve the recorded answers, until interrupted.") var serve = false
    @Option(help: ArgumentHelp("The port, for --serve.", valueName: "N")) var port = 8790
    @Flag(help: "Texts and inputs of tools count too.") var exact = false
    @Option(help: "How long to wait for one answer.") var timeout = "10m"
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        if Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
        if [offline, serve, url != nil].count(where: { $0 }) > 1 { throw ValidationError("--offline, --serve and --url exclude one another") }
        if url != nil, backend != nil { throw ValidationError("--backend names one of the stack's, which --url does not ask") }
        if !(0...65_535).contains(port) { throw ValidationError("--port \(port): expected a port") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let file = session.caller.absolute(capture)
        let exchanges: [RecordedExchange]
        do throws(RecordedExchange.Fault) { exchanges = try RecordedExchange.read(try bytes(file)) } catch {
            throw CommandError("\(capture): \(error)", hint: "`proxy.capture` writes such files", exitCode: ExitStatus.diagnostics)
        }
        guard !exchanges.isEmpty else { throw CommandError("\(capture) has no exchange", exitCode: ExitStatus.noInput) }
        if serve { throw ChildProcess.replaceSelf(ReplayServer.arguments(session, file, try served(exchanges), port: port)) }
        let outcomes = offline ? try runOffline(session, file, exchanges) : try run(exchanges, try target(session))
        return report(outcomes, session)
    }

    private func bytes(_ file: String) throws(RecordedExchange.Fault) -> [UInt8] {
        do throws(CommandError) { return try Files.read(file, maximum: 1 << 30) } catch {
            throw RecordedExchange.Fault(error.message ?? "it cannot be read")
        }
    }

    private func target(_ session: Session) throws -> (MessagesTarget, model: String?) {
        if let url { return (try MessagesTarget(url: url, caller: session.caller), nil) }
        let stack = try StackClient.current(of: try session.requireSupervisor(session.instanceName()))
        let settings = stack.address.settings
        guard let backend else { return (try MessagesTarget(stack: stack, backend: stack.defaultBackend, caller: session.caller), nil) }
        guard let found = settings.backends.first(where: { $0.name == backend }) else {
            throw CommandError(
                "the stack has no backend `\(backend)`", hint: "it has \(settings.backends.map(\.name).joined(separator: ", "))",
                exitCode: ExitStatus.precondition)
        }
        return (try MessagesTarget(stack: stack, backend: found, caller: session.caller), settings.modelID(reaching: found))
    }

    private func run(_ exchanges: [RecordedExchange], _ target: (MessagesTarget, model: String?)) throws -> [Replay.Outcome] {
        let replay = Replay(target: target.0, model: target.model, isExact: exact, timeoutMs: Text.milliseconds(timeout) ?? 0)
        return try exchanges.enumerated().map { number, exchange in
            Output.note("\(number + 1) of \(exchanges.count): \(exchange.id)")
            return try replay.run(exchange)
        }
    }

    /// One after the other: the recorded servers give their answers in the order in which they gave them then.
    private func runOffline(_ session: Session, _ file: String, _ exchanges: [RecordedExchange]) throws -> [Replay.Outcome] {
        let names = backend.map { [$0] } ?? Self.backends(exchanges)
        return try names.flatMap { name in
            let server = try ReplayServer(session, file: file, backend: name)
            let own = exchanges.filter { $0.backend?["name"]?.stringValue == name }
            return try withExtendedLifetime(server) { try run(own, (try MessagesTarget(url: server.url, caller: session.caller), nil)) }
        }
    }

    /// In the order in which they come.
    private static func backends(_ exchanges: [RecordedExchange]) -> [String] {
        var names: [String] = []
        for name in exchanges.compactMap({ $0.backend?["name"]?.stringValue }) where !names.contains(name) { names.append(name) }
        return names
    }

    private func served(_ exchanges: [RecordedExchange]) throws(CommandError) -> String {
        let names = Self.backends(exchanges)
        if let name = backend ?? (names.count == 1 ? names.first : nil) { return name }
        throw CommandError(
            "\(capture) has exchanges with \(names.isEmpty ? "no backend" : names.joined(separator: ", "))", hint: "name one with --backend",
            exitCode: ExitStatus.usage)
    }

    private func report(_ outcomes: [Replay.Outcome], _ session: Session) -> Int32 {
        let sent = outcomes.filter { $0.skipped == nil }
        let different = sent.count { !$0.differences.isEmpty }
        if json {
            let document: JSON = [
                "exchanges": .array(outcomes.map(\.json)), "sent": .integer(sent.count), "different": .integer(different),
                "skipped": .integer(outcomes.count - sent.count),
            ]
            Output.print(document.versioned())
        } else {
            for outcome in outcomes {
                let mark = outcome.skipped != nil ? "·" : outcome.differences.isEmpty ? session.style.good("✔") : session.style.error("✘")
                Output.print("\(mark) \(Text.line(outcome.line))")
                for difference in outcome.differences { Output.print("    \(Text.line(difference))") }
            }
            Output.print("\(sent.count) sent, \(different) different, \(outcomes.count - sent.count) skipped")
        }
        return different == 0 && !sent.isEmpty ? ExitStatus.success : ExitStatus.diagnostics
    }
}
