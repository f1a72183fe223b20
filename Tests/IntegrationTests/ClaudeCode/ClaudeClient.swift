import Foundation

/// The real Claude Code, where `scripts/claude_client.sh` has put it.
enum ClaudeClient {
    static let program: String? = {
        let environment = ProcessInfo.processInfo.environment
        let pinned = try? String(contentsOfFile: "\(TestEnvironment.root)/Tests/IntegrationTests/requirements-client.txt", encoding: .utf8)
        guard let pinned, let home = environment["HOME"] else { return nil }
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.cache"
        let name = pinned.trimmingCharacters(in: .whitespacesAndNewlines).replacing("==", with: "-")
        let program = "\(cache)/anyclaude-tests/\(name)/claude"
        return FileManager.default.isExecutableFile(atPath: program) ? program : nil
    }()
    static let isThere = program != nil
    static let needed = "Claude Code is not there (`make test` or scripts/claude_client.sh fetches it)"

    /// All that it inherits but what a stack gives it: nothing of the caller, and no way out of this machine, as its proxy for web traffic
    /// is a port where nobody listens.
    ///
    /// - Parameter home: its own, so that nothing of another session is found.
    static func environment(home: String) -> [String: String] {
        [
            "HOME": home, "PATH": "\(TestEnvironment.programs ?? ""):/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "dumb",
            "SHELL": "/bin/bash", "TMPDIR": home, "IS_SANDBOX": "1", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "HTTPS_PROXY": "http://127.0.0.1:9",
        ]
    }
}
