import JSON
import Testing

/// An applied stack whose backend is `claude`, with a scripted server in the place of the API; and a second such server that is asked without it.
struct PassedStack {
    struct Sessions: ScriptedSessions {
        var folder: String
        var directly: String?

        /// What the client says, wherever it asked.
        func comparable(_ reply: ClaudeAnswer) -> String { reply.text.replacing(#/127\.0\.0\.1:[0-9]+/#, with: "@") }

        /// What of a request no two sessions have alike is taken out: whose it is, and where it works.
        func comparable(_ body: JSON) -> String {
            var members = body.objectValue ?? [:]
            members["metadata"] = nil
            let text = JSON.object(members).text
            return [folder, folder.replacing("/", with: "-")].reduce(text) { $0.replacing($1, with: "@") }
        }
    }
    let through: Sessions
    let direct: Sessions

    /// - Parameter other: the folder of what asks the second server; as long a name, since the client counts what it says of folders.
    init(_ stack: Stack, beside other: Stack) throws {
        let api = try Stack.freePort()
        let script = "\(TestEnvironment.root)/Tests/IntegrationTests/Fakes/scripted_messages.py"
        through = Sessions(folder: stack.folder, directly: nil)
        direct = Sessions(folder: other.folder, directly: "http://127.0.0.1:\(other.workerPort)")
        func server(_ port: String, _ record: String, _ more: String = "") -> String {
            "{ kind: vllm-mlx, engine: command, port: \(port), command: [\(script), \"\(port)\", \(record)/record\(more)], "
                + "health: { readiness: { http: /health }, liveness: none } }"
        }
        try stack.write(
            ".anyclauderc.yaml",
            """
            backend: claude
            probation: 200ms
            # No breaker, as the faults of one row are none of another's.
            proxy: { port: @PORT@, circuitBreaker: { enabled: false } }
            backends:
              claude: { baseUrl: "http://127.0.0.1:\(api)" }
              api: \(server("@WORKER@", through.folder, ", --also, \"\(api)\""))
              other: \(server("\(other.workerPort)", direct.folder))
            # So that the supervisor starts them; nobody asks for these models.
            routes:
              - { match: { model: api }, to: api }
              - { match: { model: other }, to: other }
            """)
        let apply = try stack.anyclaude("apply")
        try #require(apply.status == 0, "\(apply.output)\(apply.errors)\(stack.supervisorLog)")
    }
}
