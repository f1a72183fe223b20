import ConfigCompiler
import Diagnostics
import Testing

/// What a migration must not lose, show or change beside what it is for.
@Suite struct MigrationCareTests {
    private func migration(_ text: String, includes: IncludeReader = .none) throws -> Migration {
        try Migration(SourceFile(path: "x.yaml", bytes: Array(text.utf8)), includes: includes)
    }

    private func new(_ migration: Migration) -> String { String(decoding: migration.bytes, as: UTF8.self) }

    /// Names that are secrets are told neither with a change nor with what was left, and no file is called so.
    @Test(arguments: [
        "backend: claude\nbackends: { sk-or-v1-CANARY0123456789ab: { cache: { cacheSlots: 5 } } }\n",
        "backend: claude\nbackends: { claude: { sk-or-v1-CANARY0123456789ab: { a: 1 } } }\n",
        "backend: claude\nbackends: { sk-or-v1-CANARY0123456789ab: { kind: openrouter, apiKey: &k hunter2hunter2 } }\n",
        "backend: claude\nbackends: { sk-or-v1-CANARY0123456789ab: { kind: openrouter, apiKey: hunter2hunter2 } }\n",
        "backend: claude\nbackends: { sk-or-v1-CANARY0123456789ab: { kind: vllm-mlx, model: ./m, promptAdapter: x } }\n",
        "backend: claude\nbackends: { sk-or-v1-CANARY0123456789ab: { kind: vllm-mlx, model: ./m, serverScript: scripts/mlx-server.py, maxQueue: 3 } }\n",
    ])
    func namesThatAreSecretsAreNotShown(text: String) throws {
        let migration = try migration(text)
        #expect(!"\(migration.changes)\(migration.notes)\(migration.secrets.map(\.key))\(migration.secrets.map(\.path))".contains("CANARY"))
    }

    /// Two steps whose names are not told are two steps all the same.
    @Test func hiddenNamesAreStillApart() throws {
        // Too short to be refused as a name.
        let names = ["sk-canary0ab", "sk-canary0cd"]
        let text = "backend: claude\nbackends:\n" + names.map { "  \($0): { kind: openrouter, apiKey: hunter2\($0.suffix(2)) }\n" }.joined()
        let migration = try migration(text)
        #expect(migration.secrets.map(\.value).sorted() == ["hunter2ab", "hunter2cd"])
        #expect(Set(migration.secrets.map(\.path)).count == 2)
        #expect(!"\(migration.changes)\(migration.notes)\(migration.secrets.map(\.key))\(migration.secrets.map(\.path))".contains("canary"))
    }

    /// A secret may be a word that stands in the names before it.
    @Test func aSecretThatIsItsOwnNameMoves() throws {
        let migration = try migration("backend: ollama\nbackends: { ollama: { kind: lmstudio, apiKey: ollama } }\n")
        #expect(migration.secrets.map(\.value) == ["ollama"])
        #expect(new(migration).contains("apiKey: { file: ~/.anyclaude/secrets/default.ollama.apiKey }"))
    }

    @Test func commentsBetweenAKeyAndItsValueStay() throws {
        for (text, comment) in [
            ("backend: lmstudio\nbackends:\n  lmstudio:\n    apiKey: # none is needed\n      local\n    model: m\n", "# none is needed"),
            ("backend: lmstudio\nbackends: { lmstudio: { model: m, apiKey: # none is needed\n  local } }\n", "# none is needed"),
            ("backend: claude\nport: # mine\n  5000\nproxy:\n  host: 127.0.0.1\n", "# mine"),
        ] {
            let migration = try migration(text)
            #expect(new(migration).contains(comment), "\(new(migration))")
            #expect(migration.after.diagnostics.isEmpty == !text.contains("port"), "\(new(migration))")
        }
    }

    @Test func theCommentOfABlockStays() throws {
        for (body, rest) in [
            ("apiKey: | # from the vault\n      sk-or-v1-CANARY11111111\n    model: m\n", " # from the vault\n    model: m\n"),
            ("apiKey: >-  # from the vault\n      sk-or-v1-CANARY11111111\n    # next\n    m: 1\n", "  # from the vault\n    # next\n    m: 1\n"),
            ("apiKey: | # from the vault\n      sk-or-v1-CANARY11111111", " # from the vault\n"),
        ] {
            let head = "backend: openrouter\nbackends:\n  openrouter:\n    "
            let migration = try migration(head + body)
            let reference = "apiKey: { file: ~/.anyclaude/secrets/default.openrouter.apiKey }"
            #expect(new(migration) == head + reference + rest)
            #expect(migration.withoutSecrets == migration.bytes)
            #expect(migration.secrets.map(\.value) == ["sk-or-v1-CANARY11111111"])
        }
    }

    /// Without a plan nothing shows whether a key took away what stands behind it.
    @Test(arguments: [
        "backend: b\nzz: 1\nbackends: { a: &a { kind: lmstudio, apiKey: { env: KEY } }, b: { <<: *a, apiKey: \"\" } }\n",
        "backend: b\nzz: 1\nbackends: { b: { <<: { apiKey: { env: KEY } }, kind: lmstudio, apiKey: local } }\n",
        "include: [base.yaml]\nzz: 1\nbackend: b\nbackends: { b: { kind: lmstudio, apiKey: \"\" } }\n",
        "include: [base.yaml]\nzz: 1\nbackend: claude\nport: 5000\nproxy: { host: 127.0.0.1 }\n",
    ])
    func whatMayTakeSomethingAwayStaysWhereThereIsNoPlan(text: String) throws {
        let reader = IncludeReader { (_: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
            Array("proxy: { port: 1 }\nbackends: { b: { apiKey: { env: KEY } } }".utf8)
        }
        #expect(new(try migration(text, includes: reader)) == text)
    }

    @Test func aPlaceholderAloneGoesWithoutAPlanToo() throws {
        let text = "backend: b\nzz: 1\nbackends: { b: { kind: lmstudio, apiKey: \"\" } }\n"
        #expect(new(try migration(text)) == text.replacing(", apiKey: \"\"", with: ""))
    }
}
