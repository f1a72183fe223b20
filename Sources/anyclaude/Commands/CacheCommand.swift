import ArgumentParser
import Control
import JSON

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "What the caches have saved, why one was missed, and an end to what they hold.",
        subcommands: [CacheStatsCommand.self, CacheExplainCommand.self, CacheClearCommand.self])
}

struct CacheStatsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "What each layer has done since the proxy started, from counts alone.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let report = try ProxyQuestion(session).document(.get("/v1/anyclaude/cache"))
        if json {
            Output.print(report.versioned())
        } else {
            for line in CacheText(style: session.style).lines(report) { Output.print(line) }
        }
        return ExitStatus.success
    }
}

struct CacheExplainCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "How far a request's prompt was the same as the one before it, and what the first difference costs.",
        discussion: """
            A model's server computes a prompt up to where it differs from what it has computed already. This names that place, its section, and the \
            tokens behind it, by the counts of the server; and what the settings of the backend made of the request.

            REQUEST is the `request-id` of an answer, its message's id, or `last`. The latest prompts are remembered while the proxy runs, without \
            their words.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false
    @Argument(help: ArgumentHelp("Which request.", valueName: "request")) var request = "last"

    func execute(_ session: Session) throws -> Int32 {
        let explanation = try ProxyQuestion(session).document(.get("/v1/anyclaude/cache/explain", query: [("request", request)]))
        if json {
            Output.print(explanation.versioned())
        } else {
            for line in CacheExplanationText(style: session.style).lines(explanation) { Output.print(line) }
        }
        return ExitStatus.success
    }
}

struct CacheClearCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Forget all answers, translations and outlines of prompts that the proxy holds.",
        discussion: """
            With --session, the answers and prompts of that session alone, and what has nobody's name; ID is what `claude --resume` takes, and the request \
            log's `session` (SESSION/AGENT for one of its agents).

            The KV stores of the models' servers are their own, and stay: they know tokens, not sessions, and share them between all. So do the request \
            log, which has no word of a prompt, and captures, which you have asked for.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false
    @Option(name: .customLong("session"), help: ArgumentHelp("Of this session alone.", valueName: "id")) var id: String?

    func execute(_ session: Session) throws -> Int32 {
        if let id { return try forget(id, session) }
        let cleared = try ProxyQuestion(session).document(.post("/v1/anyclaude/cache/clear", [:]))
        if json {
            Output.print(cleared.versioned())
        } else {
            let count = cleared["responses"]?.intValue ?? 0
            Output.print("forgot \(count) kept answers (\(cleared["bytes"]?.intValue ?? 0) bytes), and what was translated and remembered of prompts")
        }
        return ExitStatus.success
    }

    private func forget(_ id: String, _ session: Session) throws -> Int32 {
        guard !id.isEmpty else { throw CommandError("the session's id is empty", exitCode: ExitStatus.usage) }
        let cleared = try ProxyQuestion(session).document(.post("/v1/anyclaude/cache/clear-session", ["session": .string(id)]))
        if json {
            Output.print(cleared.versioned())
        } else {
            let (answers, prompts) = (cleared["responses"]?.intValue ?? 0, cleared["prompts"]?.intValue ?? 0)
            Output.print(
                "forgot \(answers) kept answers (\(cleared["bytes"]?.intValue ?? 0) bytes) and \(prompts) prompts of \(Text.line(id)), and what was translated"
            )
        }
        return ExitStatus.success
    }
}
