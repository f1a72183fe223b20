import FoundationEssentials
import Testing

extension CommandLineTests {
    /// A secret, wherever it stands, appears in nothing that a command writes: neither on a stream nor in a file, in no encoding.
    /// `config dump` is not among them: it prints the whole document, for that is what it is for.
    @Suite struct CanaryTests {
        /// The look of a known service's key, and one that only its place gives away.
        private static let first = "sk-or-v1-canary7f3a91c2b5d8e0f4"
        private static let second = "Canary9xQ4zW7pL2mN8vB5"

        private static let commands: [[String]] =
            ["text", "json", "github", "sarif", "junit"].map { ["validate", "--format", $0] } + [
                ["validate", "--deny", "AC0703"], ["validate", "--preflight"], ["plan", "--offline"], ["plan", "--offline", "--json"],
                ["plan", "--offline", "--out", "made/plan.json"],
                ["apply"], ["check-setup"], ["env"], ["status"],
            ]

        /// The secrets as they are, and as encodings would write them; the middle of base64 does not depend on what is before it.
        private static let forms: [String] = [first, second].flatMap { secret -> [String] in
            let bytes = Array(secret.utf8)
            let base64 = (0..<3).map { shift -> String in
                let text = Data(Array(repeating: 0x20, count: shift) + bytes).base64EncodedString()
                return String(text.dropFirst(4).dropLast(4))
            }
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let percent = bytes.map { "%" + String($0, radix: 16) }.joined()
            // What is cut off is a secret too.
            return [secret, String(secret.prefix(12)), String(secret.suffix(12)), String(secret.reversed()), hex, hex.uppercased(), percent] + base64
        }

        private func leaks(_ text: String) -> [String] { Self.forms.filter { text.contains($0) } }

        private static let groups = [
            "keys": CanaryPositions.keys, "elsewhere": CanaryPositions.elsewhere, "machine": CanaryPositions.machine,
            "syntax": CanaryPositions.syntax, "json": CanaryPositions.json,
            "included": CanaryPositions.included, "references": CanaryPositions.references,
        ]

        @Test(arguments: groups.keys.sorted())
        func noCommandShowsASecret(group: String) throws {
            for position in Self.groups[group] ?? [] { try check(position) }
        }

        private func check(_ position: CanaryPositions.Position) throws {
            func filled(_ text: String) -> String { text.replacing("@1@", with: Self.first).replacing("@2@", with: Self.second) }
            let box = try Sandbox()
            let text = filled(position.text)
            for (name, text) in position.others { try box.write(name, filled(text)) }
            try box.write(position.file, text)
            try FileManager.default.createDirectory(atPath: "\(box.folder)/made", withIntermediateDirectories: true)
            box.environment.merge(["CANARY_ONE": Self.first, "CANARY_TWO": Self.second, "OPENROUTER_API_KEY": Self.first, "ANYCLAUDE_DEBUG": "3"]) {
                $1
            }
            // No supervisor is started: the commands get as far as they can without.
            box.environment["ANYCLAUDE_NO_AUTO_LAUNCH"] = "1"
            for command in Self.commands {
                let run = try box.run(command + ["-f", position.file])
                #expect(leaks(run.output) == [], "\(command): \(position.name)\n\(run.output)")
                #expect(leaks(run.errors) == [], "\(command): \(position.name)\n\(run.errors)")
                if position.isFault { #expect(run.status != 0 || !["plan", "apply"].contains(command[0]), "\(command): taken: \(position.name)") }
                if !position.isFault, command[0] == "plan" { #expect(run.status == 0, "\(run.errors)") }
            }
            // It prints the values of what it can read, and only those.
            let dump = try box.run(["config", "dump", position.file])
            #expect(leaks(dump.errors) == [], "config dump: \(position.name)\n\(dump.errors)")
            let piped = try box.run(["validate", "--fix", "-"], input: text)
            #expect(leaks(piped.errors) == [], "validate --fix -: \(position.name)\n\(piped.errors)")
            let fixed = try box.run(["validate", "--fix", position.file])
            #expect(leaks(fixed.output + fixed.errors) == [], "validate --fix: \(position.name)\n\(fixed.output)\(fixed.errors)")
            for file in try box.files() where file.name != position.file && position.others[file.name] == nil {
                #expect(leaks(file.text) == [], "\(file.name): \(position.name)")
            }
        }

        /// Texts that are no configuration's: the command line's own.
        @Test func theCallersVariablesAndFlags() throws {
            let box = try Sandbox()
            try box.write("a.yaml", "backend: openrouter\nbackends: { openrouter: {}, lmstudio: {} }\n")
            let values = [
                "OPENROUTER_API_KEY": Self.first, "LMSTUDIO_API_KEY": Self.second, "OPENROUTER_BASE_URL": "https://me:\(Self.second)@host/v1",
                "ANTHROPIC_API_KEY": Self.first, "ANTHROPIC_AUTH_TOKEN": Self.second, "ANYCLAUDE_DEBUG": "3", "ANYCLAUDE_NO_AUTO_LAUNCH": "1",
            ]
            for leaving in ["", "OPENROUTER_BASE_URL"] {
                for command in Self.commands {
                    let run = try box.run(command + ["-f", "a.yaml"], environment: values.filter { $0.key != leaving })
                    #expect(leaks(run.output + run.errors) == [], "\(command)\n\(run.output)\(run.errors)")
                }
            }
            for file in try box.files() { #expect(leaks(file.text) == [], "\(file.name)") }
        }
    }
}
