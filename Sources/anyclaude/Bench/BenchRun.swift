import Control
import JSON
import LaunchPlan

/// Measures one backend as a user meets it: for each size of prompt a first request, the next one, and one after its worker's restart.
struct BenchRun {
    let session: Session
    let supervisor: RunningSupervisor
    let stack: StackClient
    let backend: ProxySettings.Backend
    let model: String
    let sizes: [Int]
    let answerTokens: Int
    let restarts: Bool
    let timeoutMs: Int

    func run() throws -> BenchReport {
        var report = BenchReport(backend: backend.name, model: model, noRestart: reasonNotToRestart)
        let target = try MessagesTarget(stack: stack, backend: backend, caller: session.caller)
        for size in sizes {
            if let window = backend.contextWindow, size + conversationRoom > window {
                report.skipped.append((size, "the conversation would not fit in the window of \(window) tokens"))
                continue
            }
            // Other words at each run and size: nothing of them is in any cache.
            let seed = UInt64.random(in: 0...UInt64.max)
            var conversation = BenchConversation(
                target, model: model, answerTokens: answerTokens, timeoutMs: timeoutMs, id: "bench-\(String(seed, radix: 16))")
            say("\(BenchReport.name(of: size)): making a prompt")
            let text = try prompt(size, seed, conversation)
            try measure(.first, size, text, &conversation, &report)
            try measure(.followUp, size, BenchPrompt.more, &conversation, &report)
            guard report.noRestart == nil, case .service(let name) = backend.target else { continue }
            say("\(BenchReport.name(of: size)): restarting \(name)")
            let restart = ServiceRestart(client: supervisor.client, service: name, command: session.commandText)
            _ = try restart.run(within: timeoutMs)
            try measure(.afterRestart, size, BenchPrompt.afterRestart, &conversation, &report)
        }
        return report
    }

    /// The answers and questions that follow the first prompt.
    private var conversationRoom: Int { 3 * answerTokens + 128 }

    private var reasonNotToRestart: String? {
        if !restarts { return "--no-restart" }
        guard case .service = backend.target else {
            return "the backend `\(backend.name)` is somebody else's server, which this stack cannot restart"
        }
        return nil
    }

    private func prompt(_ size: Int, _ seed: UInt64, _ conversation: BenchConversation) throws -> String {
        func text(_ seed: UInt64, _ words: Int) -> String { "\(BenchPrompt.notes(words: words, seed: seed))\n\n\(BenchPrompt.first)" }
        let byCounting = PromptSizer(count: conversation.count) { text(seed, $0) }
        if let sized = try byCounting.find(size) { return sized.text }
        // Whoever cannot be asked for a count says it with an answer; other words, so that these are new when they are measured.
        say("\(BenchReport.name(of: size)): the backend has no count_tokens; its answers say how long prompts are")
        let byAsking = PromptSizer(count: conversation.countByAsking) { text(seed &+ 1, $0) }
        if let sized = try byAsking.find(size) { return text(seed, sized.words) }
        throw CommandError(
            "the backend `\(backend.name)` neither counts tokens nor says how many a prompt had, so that no prompt of a size can be made",
            exitCode: ExitStatus.precondition)
    }

    private func measure(
        _ step: BenchReport.Step, _ size: Int, _ text: String, _ conversation: inout BenchConversation, _ report: inout BenchReport
    ) throws {
        say("\(BenchReport.name(of: size)): \(step.rawValue) …")
        let exchange = try conversation.ask(text)
        let row = BenchReport.Row(
            size: size, step: step, promptTokens: exchange.promptTokens, cachedTokens: exchange.cachedTokens, answerTokens: exchange.answerTokens,
            firstWordMs: exchange.firstWordMs, totalMs: exchange.totalMs, cost: exchange.usage["cost"]?.doubleValue)
        say("\(BenchReport.name(of: size)): \(step.rawValue) took \(Text.duration(milliseconds: row.totalMs))")
        report.rows.append(row)
    }

    private func say(_ text: String) { Output.note(session.errorStyle.dim(text)) }
}
