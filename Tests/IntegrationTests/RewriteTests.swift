import Foundation
import Testing

extension IntegrationTests {
    /// `fmt` and `migrate` as programs: what they print, what they write, and with which exit codes.
    @Suite struct RewriteTests {
        private func text(_ stack: Stack, _ name: String) throws -> String { try String(contentsOfFile: "\(stack.folder)/\(name)", encoding: .utf8) }

        private func mode(_ stack: Stack, _ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(stack.folder)/\(name)")[.posixPermissions] as? Int
        }

        private func names(_ stack: Stack) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: stack.folder).filter { $0 != "home" }.sorted()
        }

        @Test func fmtRewritesInPlaceAndSaysWhich() throws {
            let stack = try Stack()
            try stack.write("a.yaml", "b:   1 # one\n", mode: 0o640)
            try stack.write("b.json", "{\n  \"a\": 1\n}\n")
            let check = try stack.anyclaude("fmt", "--check", "a.yaml", "b.json")
            #expect(check.status == 2 && check.output == "a.yaml\n" && check.errors.isEmpty)
            let diff = try stack.anyclaude("fmt", "--diff", "a.yaml")
            #expect(diff.status == 0 && diff.output == "--- a.yaml\n+++ a.yaml\n@@ -1 +1 @@\n-b:   1 # one\n+b: 1 # one\n")
            let run = try stack.anyclaude("fmt", "a.yaml", "b.json")
            #expect(run.status == 0 && run.output == "a.yaml\n")
            #expect(try text(stack, "a.yaml") == "b: 1 # one\n")
            #expect(try mode(stack, "a.yaml") == 0o640)
            let again = try stack.anyclaude("fmt", "--check", "a.yaml", "b.json")
            #expect(again.status == 0 && again.output.isEmpty)
            #expect(try names(stack) == ["a.yaml", "b.json"])
        }

        @Test func fmtFiltersAndRefuses() throws {
            let stack = try Stack()
            let filtered = try stack.anyclaude("fmt", "-", input: "a:\n- 1\n")
            #expect(filtered.status == 0 && filtered.output == "a:\n  - 1\n")
            let bad = try stack.anyclaude("fmt", "-", input: "a: [\n")
            #expect(bad.status == 1 && bad.output.isEmpty && bad.errors.contains("AC01"))
            #expect(try stack.anyclaude("fmt").status == 66)
            #expect(try stack.anyclaude("fmt", "-", "x.yaml").status == 64)
            try stack.write("good.yaml", "a:  1\n")
            try stack.write("bad.yaml", "a: [\n")
            let mixed = try stack.anyclaude("fmt", "bad.yaml", "missing.yaml", "good.yaml")
            #expect(mixed.status == 66 && mixed.output == "good.yaml\n")
            #expect(try text(stack, "bad.yaml") == "a: [\n")
        }

        private static let older = """
            # mine
            backend: openrouter
            backends:
              openrouter:
                apiKey: sk-or-canary-1  # of the team
                compatibility: legacy

            """

        @Test func migrateMovesSecretsAndKeepsABackup() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.older)
            let secret = "\(stack.folder)/home/secrets/default.openrouter.apiKey"
            for flag in ["--check", "--diff", "--json", "--no-color"] {
                let run = try stack.anyclaude("migrate", flag)
                #expect(run.status == (flag == "--check" || flag == "--no-color" ? 2 : 0), "\(flag): \(run.errors)")
                #expect(!run.output.isEmpty && !(run.output + run.errors).contains("canary"), "\(flag)")
                #expect(try text(stack, ".anyclauderc.yaml") == Self.older)
                #expect(try names(stack) == [".anyclauderc.yaml"])
                #expect(!FileManager.default.fileExists(atPath: secret))
            }
            let both = try stack.anyclaude("migrate", "--check", "--diff")
            let difference = try stack.anyclaude("migrate", "--diff").output
            #expect(both.status == 2 && both.output == difference, "as `fmt --check --diff` does")
            let run = try stack.anyclaude("migrate", "--yes")
            #expect(run.status == 0, "\(run.errors)")
            #expect(!(run.output + run.errors).contains("canary"))
            let reference = "    apiKey: { file: \(secret) }  # of the team\n"
            #expect(
                try text(stack, ".anyclauderc.yaml") == "# mine\nbackend: openrouter\nbackends:\n  openrouter:\n\(reference)"
                    + "    # not used: the earlier tool never read it\n    # compatibility: legacy\n")
            #expect(
                try text(stack, ".anyclauderc.yaml.bak")
                    == "# mine\nbackend: openrouter\nbackends:\n  openrouter:\n\(reference)    compatibility: legacy\n")
            #expect(try String(contentsOfFile: secret, encoding: .utf8) == "sk-or-canary-1\n")
            #expect(try mode(stack, "home/secrets/default.openrouter.apiKey") == 0o600)
            #expect(try mode(stack, "home/secrets") == 0o700)
            #expect(try stack.anyclaude("validate").output.isEmpty)
            let again = try stack.anyclaude("migrate", "--yes")
            #expect(again.status == 0 && again.errors.contains("nothing to migrate"))
            #expect(try names(stack) == [".anyclauderc.yaml", ".anyclauderc.yaml.bak"])
        }

        @Test func aFullBackupIsTheOldTextForItsOwnerAlone() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.older)
            try stack.write(".anyclauderc.yaml.bak", "an earlier one")
            let run = try stack.anyclaude("migrate", "--yes", "--full-backup", "--secrets", "keys")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try text(stack, ".anyclauderc.yaml.bak") == "an earlier one")
            #expect(try text(stack, ".anyclauderc.yaml.bak.1") == Self.older)
            #expect(try mode(stack, ".anyclauderc.yaml.bak.1") == 0o600)
            #expect(try text(stack, "keys/default.openrouter.apiKey") == "sk-or-canary-1\n")
            // Whoever includes the file, and from wherever: the reference leads to the secret.
            #expect(try text(stack, ".anyclauderc.yaml").contains("{ file: \(stack.folder)/keys/default.openrouter.apiKey }"))
            #expect(run.errors.contains(".bak.1 still holds the secret"))
        }

        @Test func nothingIsWrittenWhereASecretHasNoPlace() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.older)
            try stack.write("home/secrets", "a file where the folder would be")
            let run = try stack.anyclaude("migrate", "--yes")
            #expect(run.status == 73 && !run.errors.contains("canary"), "\(run.errors)")
            #expect(try text(stack, ".anyclauderc.yaml") == Self.older)
            #expect(try names(stack) == [".anyclauderc.yaml"])
        }

        /// A relative path belongs to the folder of the file that is named first, which need not be the one that was migrated.
        @Test func aReferenceLeadsToTheSecretFromEverywhere() throws {
            let stack = try Stack()
            try stack.write("parts/base.yaml", "backends:\n  openrouter:\n    apiKey: sk-or-canary-1\n")
            try stack.write("x.yaml", "include: [parts/base.yaml]\nbackend: openrouter\n")
            try stack.write("linked/y.yaml", Self.older)
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/y.yaml", withDestinationPath: "linked/y.yaml")
            for name in ["parts/base.yaml", "y.yaml"] {
                let run = try stack.anyclaude("migrate", "--yes", "--secrets", "./keys/", name)
                #expect(run.status == 0, "\(run.errors)")
            }
            for (name, folder) in [("x.yaml", "parts/keys"), ("linked/y.yaml", "keys")] {
                let file = "\(stack.folder)/\(folder)/default.openrouter.apiKey"
                #expect(try String(contentsOfFile: file, encoding: .utf8) == "sk-or-canary-1\n")
                let plan = try stack.anyclaude("plan", "--json", "-f", name)
                #expect(plan.output.replacing("\\/", with: "/").contains("\"\(file)\""), "\(plan.output)\(plan.errors)")
            }
        }

        /// Another project's secret stays where it is; the same secret needs no second file.
        @Test func aNameThatIsTakenIsNotTakenTwice() throws {
            let stack = try Stack()
            let other = Self.older.replacing("canary-1", with: "canary-2")
            for (name, old, file) in [("a", Self.older, "apiKey"), ("b", other, "apiKey-2"), ("c", other, "apiKey-2")] {
                try stack.write("\(name)/x.yaml", old)
                let run = try stack.anyclaude("migrate", "--yes", "\(name)/x.yaml")
                #expect(run.status == 0, "\(run.errors)")
                #expect(try text(stack, "\(name)/x.yaml").contains("/home/secrets/default.openrouter.\(file) }"))
            }
            #expect(try text(stack, "home/secrets/default.openrouter.apiKey") == "sk-or-canary-1\n")
            #expect(try text(stack, "home/secrets/default.openrouter.apiKey-2") == "sk-or-canary-2\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(stack.folder)/home/secrets").count == 2)
        }

        /// Secrets that cannot be moved: where they are is said, what they are is not, and the backup is for its owner alone.
        @Test func whatIsLeftIsSaid() throws {
            let stack = try Stack()
            let old = """
                # sk-or-v1-CANARY11111111
                backend: openrouter
                backends:
                  openrouter:
                    apiKey: sk-or-v1-CANARY22222222
                    compatibility: legacy
                  mine:
                    kind: vllm-mlx
                    command: [./srv, --api-key, CANARY3333]
                    baseUrl: http://user:CANARY4444@127.0.0.1:9000
                  other:
                    kind: openrouter
                    apiKey: &a sk-or-v1-CANARY55555555
                    password: CANARY6666

                """
            try stack.write("x.yaml", old, mode: 0o644)
            let check = try stack.anyclaude("migrate", "--check", "x.yaml")
            #expect(check.status == 2 && check.errors.contains("errors remain; `anyclaude validate` shows them"), "\(check.errors)")
            let run = try stack.anyclaude("migrate", "--yes", "x.yaml")
            #expect(run.status == 0, "\(run.errors)")
            #expect(!(run.output + run.errors + check.output + check.errors).contains("CANARY"), "\(run.output)\(run.errors)")
            for (old, new) in [
                ("x.yaml:1:3", "x.yaml:1:3"), ("x.yaml:9:33", "x.yaml:10:33"), ("x.yaml:10:", "x.yaml:11:"), ("x.yaml:13:13", "x.yaml:14:13"),
                ("x.yaml:14:", "x.yaml:15:"),
            ] {
                #expect((run.output + run.errors).contains(new), "\(new): \(run.output)\(run.errors)")
                #expect((check.output + check.errors).contains(old), "\(old)")
            }
            #expect(run.errors.contains("AC0607") || run.output.contains("AC0607"))
            #expect(run.errors.contains("x.yaml.bak still holds") && !run.errors.contains("its secrets moved too"), "\(run.errors)")
            #expect(run.errors.contains("errors remain; `anyclaude validate` shows them"))
            #expect(try mode(stack, "x.yaml.bak") == 0o600)
            #expect(run.errors.contains("chmod 600"), "\(run.errors)")
            // Nothing to migrate does not mean that all is well.
            let again = try stack.anyclaude("migrate", "--check", "x.yaml")
            #expect(again.status == 0 && again.errors.contains("errors remain"), "\(again.errors)")
            #expect(again.errors.contains("x.yaml:1:3"))
        }

        @Test func aBackupWithoutSecretsKeepsTheMode() throws {
            let stack = try Stack()
            try stack.write("x.yaml", Self.older, mode: 0o644)
            let run = try stack.anyclaude("migrate", "--yes", "x.yaml")
            #expect(run.status == 0 && run.errors.contains("the old text, its secrets moved too, is in x.yaml.bak"), "\(run.errors)")
            #expect(try mode(stack, "x.yaml.bak") == 0o644)
            #expect(!run.errors.contains("remain") && !run.errors.contains("still holds"))
        }

        @Test func migrateFiltersAndRefuses() throws {
            let stack = try Stack()
            let filtered = try stack.anyclaude("migrate", "-", input: "backend: claude\nport: 5000\n")
            #expect(filtered.status == 0 && filtered.output == "backend: claude\nproxy: { port: 5000 }\n")
            let secret = try stack.anyclaude("migrate", "-", input: Self.older)
            #expect(secret.status == 3 && secret.output.isEmpty && !secret.errors.contains("canary"))
            #expect(try stack.anyclaude("migrate", "-", input: "a: [\n").status == 1)
            #expect(try stack.anyclaude("migrate", "--yes", "--check").status == 64)
            try stack.write(".anyclauderc", "export ANYCLAUDE_MODE=lmstudio\n")
            let shell = try stack.anyclaude("migrate")
            #expect(shell.status == 1 && shell.errors.contains("ANYCLAUDE_MODE") && shell.errors.contains("hint"))
        }
    }
}
