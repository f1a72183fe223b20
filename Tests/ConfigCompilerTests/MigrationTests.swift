import ConfigCompiler
import Diagnostics
import FoundationEssentials
import Testing

@Suite struct MigrationTests {
    private func migration(_ text: String, name: String = "x.yaml", options: Migration.Options = .init()) throws -> Migration {
        try Migration(SourceFile(path: name, bytes: Array(text.utf8)), options: options)
    }

    private func migrated(_ text: String, name: String = "x.yaml", options: Migration.Options = .init()) throws -> String {
        String(decoding: try migration(text, name: name, options: options).bytes, as: UTF8.self)
    }

    private static func inputs() throws -> [String] { try Fixtures.names(in: "migration").filter { !$0.contains(".new.") && !$0.hasSuffix(".txt") } }

    /// The new text, and beside it the changes with their reasons.
    @Test func everyOlderFileBecomesItsGoldenText() throws {
        for name in try Self.inputs() {
            let migration = try Migration(SourceFile(path: name, bytes: try Fixtures.bytes("migration/\(name)")))
            let parts = name.split(separator: ".")
            try Fixtures.expectGolden(String(decoding: migration.bytes, as: UTF8.self), "migration/\(parts[0]).new.\(parts[1])")
            let changes = migration.changes.map { change in
                "\(change.place.line):\(change.place.column) \(change.code?.rawValue ?? "-") \(change.key): \(change.action): \(change.reason)"
            }
            let secrets = migration.secrets.map { "secret \($0.key) -> \($0.path)" }
            try Fixtures.expectGolden(
                (changes + secrets + migration.notes.map { "note \($0)" }).joined(separator: "\n") + "\n", "migration/\(parts[0]).txt")
        }
    }

    /// Each holds of every older file, every valid one, and every bad one that can be read at all.
    @Test func promisesHoldForEveryFixture() throws {
        var count = 0
        for folder in ["migration", "valid", "invalid"] {
            for name in try Fixtures.names(in: folder) where !name.hasSuffix(".txt") {
                let file = SourceFile(path: name, bytes: try Fixtures.bytes("\(folder)/\(name)"))
                guard let migration = try? Migration(file) else { continue }
                count += 1
                try expectPromises(file, migration)
            }
        }
        #expect(count > 50)
    }

    private func expectPromises(_ file: SourceFile, _ migration: Migration) throws {
        let new = SourceFile(path: file.path, bytes: migration.bytes)
        let again = try Migration(new)
        #expect(again.bytes == migration.bytes, "\(file.path) changes again: \(again.changes)")
        #expect(migration.changes.isEmpty == (migration.bytes == file.bytes), "\(file.path)")
        let result = Compiler.compile(CompilerInput(file: new))
        let before = Compiler.compile(CompilerInput(file: file))
        #expect(!result.hasErrors || before.hasErrors, "\(file.path)")
        if let plan = before.plan, !migration.changes.contains(where: { $0.key.hasSuffix("serverScript") }) {
            #expect(result.plan == plan, "\(file.path)")
        }
        let text = String(decoding: migration.bytes, as: UTF8.self)
        for comment in comments(file.bytes) { #expect(text.contains(comment), "\(file.path): \(comment)") }
        for text in [migration.bytes, migration.withoutSecrets] {
            for secret in migration.secrets { #expect(text.firstRange(of: Array(secret.value.utf8)) == nil, "\(file.path)") }
        }
    }

    /// Whole lines of comments, and comments behind values, by their text.
    private func comments(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            guard let range = line.firstRange(of: "# "), line[..<range.lowerBound].allSatisfy({ $0 != "\"" }) else { return nil }
            return String(line[range.lowerBound...])
        }
    }

    @Test func secretsMoveToFilesAndAreShownNowhere() throws {
        let text =
            "instance: lab\nbackend: openrouter\nbackends: { openrouter: { apiKey: \"sk-or-canary\" } }\n# the key is sk-or-canary\nproxy: { authToken: ab }\n"
        let migration = try migration(text)
        #expect(migration.secrets.map(\.path) == ["~/.anyclaude/secrets/lab.openrouter.apiKey", "~/.anyclaude/secrets/lab.proxy.authToken"])
        #expect(migration.secrets.map(\.contents) == [Array("sk-or-canary\n".utf8), Array("ab\n".utf8)])
        #expect(!migration.after.diagnostics.hasErrors)
        // A comment that repeats it cannot be changed, but it is said and never shown.
        #expect(migration.remainders.map { "\($0.key) \($0.oldPlace.line):\($0.oldPlace.column)" } == [" 4:14"])
        let file = SourceFile(path: "x.yaml", bytes: Array(text.utf8))
        let diff = UnifiedDiff(
            old: file.shown(hiding: migration.secrets.map(\.value)),
            new: SourceFile(path: "x.yaml", bytes: migration.bytes).shown(hiding: migration.secrets.map(\.value)), names: ("x", "x"))
        #expect(!(diff.text + "\(migration.changes)\(migration.notes)").contains("canary"))
        var options = Migration.Options()
        options.secretFolder = "./my keys"
        options.instance = "two"
        #expect(try migrated(text, options: options).contains("apiKey: { file: \"./my keys/two.openrouter.apiKey\" }"))
    }

    @Test func aSecretBehindAnAnchorIsLeftAndNamed() throws {
        let migration = try migration("backend: openrouter\nbackends: { openrouter: { apiKey: &k sk-or-canary } }\n")
        #expect(migration.changes.isEmpty && migration.secrets.isEmpty)
        #expect(migration.notes.count == 1 && !migration.notes[0].contains("canary"))
    }

    /// Nobody looks at the value of a key that nobody knows: a new name brings the secret to light, which moves with it.
    @Test func aSecretUnderAMisspeltKeyMovesToo() throws {
        let text =
            "backend: openrouter\nproxy: { auth_token: sk-tok-CANARY123456 }\nbackends:\n  openrouter: { api_key: sk-or-v1-CANARYabcdef, model: x }\n"
        let migration = try migration(text)
        #expect(Set(migration.secrets.map(\.value)) == ["sk-tok-CANARY123456", "sk-or-v1-CANARYabcdef"])
        #expect(!migration.after.diagnostics.hasErrors)
        let new = String(decoding: migration.bytes, as: UTF8.self)
        #expect(new.contains("authToken: { file:") && new.contains("apiKey: { file:") && !new.contains("CANARY"))
        // The backup has the old names, and no secret.
        let backup = String(decoding: migration.withoutSecrets, as: UTF8.self)
        #expect(backup.contains("auth_token: { file:") && backup.contains("api_key: { file:") && !backup.contains("CANARY"))
        #expect(backup.hasSuffix(", model: x }\n"))
        #expect(migration.remainders.isEmpty && !migration.isSecretLeftInOld)
        // A block, of several lines, in the old text and in the new one.
        let block = try self.migration(
            "backend: openrouter\nport: 5000\nbackends:\n  openrouter:\n    api_key: |\n      sk-or-v1-CANARYabcdef\n    # stays\n    model: x\n")
        #expect(block.secrets.map(\.value) == ["sk-or-v1-CANARYabcdef"] && !block.after.diagnostics.hasErrors)
        #expect(!String(decoding: block.withoutSecrets + block.bytes, as: UTF8.self).contains("CANARY"))
        #expect(String(decoding: block.withoutSecrets, as: UTF8.self).contains("\n    # stays\n    model: x\n"))
    }

    /// Names that are secrets themselves are not told in saying where they are.
    @Test func whatRemainsIsNamedWithoutShowingIt() throws {
        let migration = try migration(
            "backend: openrouter\nport: 1000\nproxy: { authToken: short }\nbackends:\n  openrouter:\n    x: { sk-or-v1-CANARY11111111: { y: sk-or-v1-CANARY22222222 } }\n"
                + String(repeating: "    # sk-or-v1-CANARY33333333\n", count: 200))
        #expect(!"\(migration.remainders)\(migration.notes)\(migration.changes)".contains("CANARY"))
        #expect(migration.remainders.count == 100 && migration.remainderCount == 202 && migration.isSecretLeftInOld)
        #expect(migration.remainders.prefix(3).map(\.key) == ["backends.openrouter.x", "backends.openrouter.x", ""])
        #expect(migration.remainders.prefix(3).map(\.oldPlace.line) == [6, 6, 7] && migration.remainders[2].place.line == 6)
    }

    @Test func aStepWithoutAnEditIsNoChange() throws {
        let migration = try migration(
            "backend: openrouter\nproxy: { authToken: sk-tok-CANARY123456 }\nbackends: { openrouter: { apiKey: &k sk-or-v1-CANARYabcdef } }\n")
        #expect(migration.changes.map(\.key) == ["proxy.authToken"] && migration.secrets.count == 1)
        #expect(migration.notes.contains { $0.contains("backends.openrouter.apiKey still holds a secret") })
    }

    /// A reference is no secret, whatever the key before it is called; a secret is hidden beside it all the same.
    @Test func referencesAreShown() throws {
        func shown(_ text: String) -> String {
            UnifiedDiff(
                old: SourceText(path: "x", bytes: []), new: SourceFile(path: "x.yaml", bytes: Array(text.utf8)).shown(), names: ("x", "x")
            ).text
        }
        for reference in ["apiKey: { file: ~/keys/a }", "apiKey:\n      file: ~/keys/a\n      # why", "apiKey: { env: NAME }"] {
            let text = "backend: openrouter\nbackends:\n  openrouter:\n    \(reference)\n    model: x\n"
            #expect(!shown(text).contains("****"), "\(shown(text))")
        }
        for hidden in [
            "apiKey: canary", "apiKey: |\n      canary", "password: canary", "# apiKey: canary", "baseUrl: http://me:canary@x", "apiKey: &a canary",
            "command: [./srv, --api-key, canary]",
        ] {
            let text = "backend: openrouter\nbackends:\n  openrouter:\n    \(hidden)\n    model: x\n"
            #expect(!shown(text).contains("canary"), "\(shown(text))")
        }
        // Where nothing can be read as a tree, what looks like a secret is hidden.
        #expect(!shown("apiKey: canary\nx: [\n").contains("canary"))
    }

    @Test func namesOfSecretFilesAreUnambiguous() throws {
        func path(_ instance: String, _ backend: String) throws -> String? {
            try migration(
                "instance: \(instance)\nbackend: \(backend)\nbackends: { \(backend): { kind: openrouter, apiKey: sk-or-canary } }\n"
            ).secrets.first?.path
        }
        let first = try path("x", "y-z")
        #expect(try first != nil && first != path("x-y", "z"))
    }

    @Test func scriptsBecomeTheEngineUnlessTheyAreKept() throws {
        let text = "backend: vllm-mlx\nbackends:\n  vllm-mlx:\n    model: ./m\n    serverScript: SCRIPT\n"
        let engine = "    engine: mlx-textgen\n    cache:\n      enable_cache: true\n      cache_slots: 10\n      min_tokens_for_cache: 100\n"
        for script in [
            "scripts/vllm-mlx-server.py", "./scripts/archive/vllm-mlx-server.py", "scripts/mlx-server.py", "scripts/mlx-textgen-server.sh",
        ] {
            #expect(try migrated(text.replacing("SCRIPT", with: script)).hasSuffix(engine), "\(script)")
        }
        for own in [text.replacing("SCRIPT", with: "./my-server.sh"), text.replacing("SCRIPT", with: "mlx-textgen-server.sh") + "    cache: {}\n"] {
            #expect(try migrated(own) == own)
        }
        var options = Migration.Options()
        options.keepsScripts = true
        let kept = text.replacing("SCRIPT", with: "scripts/vllm-mlx-server.py")
        #expect(try migrated(kept, options: options) == kept)
        // The engine has no use for a limit of the store: the script stays, and why is said.
        let limited = kept + "    cache: { maxBytes: 1GiB }\n"
        let result = try migration(limited)
        #expect(result.changes.isEmpty && result.notes.count == 1)
        // A backend that somebody gave an engine knows what it wants.
        let chosen = kept + "    engine: script\n"
        #expect(try migrated(chosen) == chosen)
    }

    @Test func thePortMovesIntoASectionThatIsThere() throws {
        #expect(try migrated("port: 5000\nbackend: claude\n") == "proxy: { port: 5000 }\nbackend: claude\n")
        #expect(
            try migrated("port: 5000 # here\nbackend: claude\nproxy:\n  host: 127.0.0.1\n")
                == "# here\nbackend: claude\nproxy:\n  port: 5000\n  host: 127.0.0.1\n")
        #expect(
            try migrated("proxy: { host: 127.0.0.1 }\nport: 5000\nbackend: claude\n") == "proxy: { port: 5000, host: 127.0.0.1 }\nbackend: claude\n")
        #expect(
            try migrated("{\n  \"port\": 5000,\n  \"backend\": \"claude\",\n  \"proxy\": {\n    \"host\": \"127.0.0.1\"\n  }\n}\n", name: "x.json")
                == "{\n  \"backend\": \"claude\",\n  \"proxy\": {\n    \"port\": 5000,\n    \"host\": \"127.0.0.1\"\n  }\n}\n")
        #expect(
            try migrated("proxy: { port: 1 }\nport: 2\nbackend: claude\n")
                == "proxy: { port: 1 }\n# not used: `proxy.port` goes before it\n# port: 2\nbackend: claude\n")
    }

    @Test func thePortMovesIntoASectionWithoutMembers() throws {
        for (old, new) in [
            ("proxy: {}", "proxy: { port: 8123 }"), ("proxy: { }", "proxy: { port: 8123 }"), ("proxy:", "proxy: { port: 8123 }"),
            ("proxy:\n  # host: 127.0.0.1", "proxy: { port: 8123 }\n  # host: 127.0.0.1"), ("proxy:  # mine", "proxy: { port: 8123 }  # mine"),
            ("proxy: null # none", "proxy: { port: 8123 } # none"), ("proxy: ~", "proxy: { port: 8123 }"),
            ("proxy: { # here\n  }", "proxy: { port: 8123 # here\n  }"), ("\"proxy\" : ", "\"proxy\" : { \"port\": 8123 } "),
            ("proxy: { \"// a\": 1 }", "proxy: { \"port\": 8123, \"// a\": 1 }"),
            ("proxy:\n  \"// a\": 1", "proxy:\n  port: 8123\n  \"// a\": 1"),
        ] {
            #expect(try migrated("backend: lmstudio\nport: 8123\n\(old)\n") == "backend: lmstudio\n\(new)\n")
            #expect(try migrated("\(old)\nport: 8123\nbackend: lmstudio\n") == "\(new)\nbackend: lmstudio\n")
        }
        #expect(
            try migrated("{ \"backend\": \"claude\", \"proxy\": {}, \"port\": 1 }", name: "x.json")
                == "{ \"backend\": \"claude\", \"proxy\": { \"port\": 1 } }")
        #expect(
            try migrated("{ \"backend\": \"claude\", \"port\": 1, \"proxy\": null }", name: "x.json")
                == "{ \"backend\": \"claude\", \"proxy\": { \"port\": 1 } }")
    }

    @Test func unusedKeysBecomeComments() throws {
        let head = "backend: claude\nbackends:\n  claude:\n"
        #expect(
            try migrated(head + "    promptAdapter: x\n    contextManager:\n      - a\n\n      - b\n    enabled: true\n")
                == head + """
                        # not used: the earlier tool never read it
                        # promptAdapter: x
                        # not used: the earlier tool never read it
                        # contextManager:
                        #   - a

                        #   - b
                        enabled: true

                    """)
        // In braces, and where nothing else would be left.
        #expect(
            try migrated("backend: claude\nbackends: { claude: { promptAdapter: x } }\n")
                == "backend: claude\nbackends: { claude: { \"// promptAdapter\": x } }\n")
        #expect(try migrated("circuitBreaker: {}\n") == "\"// circuitBreaker\": {}\n")
        // A warning that somebody has allowed stays as it is.
        let allowed = head + "    promptAdapter: x  # anyclaude: allow AC0703\n"
        #expect(try migrated(allowed) == allowed)
    }

    @Test func placeholdersOfKeysGo() throws {
        for (old, new) in [
            ("{ apiKey: local, model: m }", "{ model: m }"), ("{ model: m, apiKey: \"\" }", "{ model: m }"), ("{ apiKey: lm-studio }", "{  }"),
        ] {
            #expect(try migrated("backend: lmstudio\nbackends: { lmstudio: \(old) }\n") == "backend: lmstudio\nbackends: { lmstudio: \(new) }\n")
        }
        // An empty key takes away the key of an included file: without it, the plan would be another one.
        let reader = IncludeReader { (_: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
            Array("backends: { lmstudio: { apiKey: { env: KEY } } }".utf8)
        }
        let text = "include: [base.yaml]\nbackend: lmstudio\nbackends: { lmstudio: { apiKey: \"\" } }\n"
        let migration = try Migration(SourceFile(path: "x.yaml", bytes: Array(text.utf8)), includes: reader)
        #expect(migration.bytes == Array(text.utf8))
    }

    @Test func whatIsNoConfigurationIsRefused() {
        for text in ["a: [", "- 1\n", "backend: a\nbackend: b\n", ""] {
            #expect(throws: Migration.Refusal.self) { try migration(text) }
        }
        do throws(Migration.Refusal) {
            _ = try Migration(
                SourceFile(path: ".anyclauderc", bytes: Array("# mine\nexport ANYCLAUDE_MODE=lmstudio\nLMSTUDIO_URL=\"http://x\"\n".utf8)))
            Issue.record("a shell file was taken")
        } catch {
            guard case .shellFile(let names) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(names == ["ANYCLAUDE_MODE", "LMSTUDIO_URL"])
        }
    }

    /// Names and places of changes are those of the old text, however many rounds it took.
    @Test func placesAreThoseOfTheOldText() throws {
        let text =
            "backend: mlx\nport: 5000\nbackends:\n  vllm-mlx:\n    promptAdapter: x\n    model: ./m\n    serverScript: scripts/vllm-mlx-server.py\n"
        let places = try migration(text).changes.map { "\($0.key) \($0.place.line):\($0.place.column)" }
        #expect(Set(places) == ["backend 1:10", "port 2:1", "backends.vllm-mlx.promptAdapter 5:5", "backends.vllm-mlx.serverScript 7:5"])
    }

    /// Line ends of the file are those of new lines too.
    @Test func lineEndsStay() throws {
        let text = "backend: claude\r\nbackends:\r\n  claude:\r\n    promptAdapter: x\r\n    enabled: true\r\n"
        #expect(try migrated(text).allSatisfy { $0 != "\n" })
    }
}
