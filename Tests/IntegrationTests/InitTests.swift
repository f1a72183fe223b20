import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// `init` on machines that are folders.
    @Suite struct InitTests {
        private func machine() throws -> Stack {
            let stack = try Stack()
            stack.environment["PATH"] = TestEnvironment.programs
            return stack
        }

        private func addModel(_ stack: Stack, _ folder: String, type: String = "qwen3", quantization: String = "") throws {
            try stack.write("\(folder)/config.json", "{\"model_type\":\"\(type)\"\(quantization)}")
            try stack.write("\(folder)/model.safetensors", String(repeating: "x", count: 1000))
        }

        private func found(_ stack: Stack) throws -> JSON {
            let run = try stack.anyclaude("init", "--json", "--dry-run")
            try #require(run.status == 0, "\(run.errors)")
            return try JSON(parsing: run.output)
        }

        private func paths(_ document: JSON) -> [String] {
            (document["found"]?["models"]?.arrayValue ?? []).compactMap { $0["path"]?.stringValue }
        }

        @Test func theWrittenFileIsRight() throws {
            let stack = try machine()
            try addModel(stack, "models/it's \"mine\" - né")
            let run = try stack.anyclaude("init")
            #expect(run.status == 0 && run.output.contains("wrote .anyclauderc.yaml") && run.output.contains("anyclaude plan"), "\(run.errors)")
            let validate = try stack.anyclaude("validate")
            #expect(validate.status == 0 && validate.output + validate.errors == "")
            #expect(try stack.anyclaude("plan", "--offline").output.contains("native"))

            let again = try stack.anyclaude("init")
            #expect(again.status == 73 && again.errors.contains("--force"), "\(again.errors)")
            try stack.write(".anyclauderc.yaml", "mine")
            #expect(try stack.anyclaude("init", "--force").status == 0)
            let written = try String(contentsOfFile: "\(stack.folder)/.anyclauderc.yaml", encoding: .utf8)
            #expect(written.hasPrefix("# yaml-language-server: $schema="))
            #expect(try stack.anyclaude("init", "-o", "-").output == written)
            #expect(try stack.anyclaude("init", "--dry-run").output == written)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: stack.folder).filter { $0.hasPrefix(".anyclauderc") }.sorted()
                    == [".anyclauderc.yaml", ".anyclauderc.yaml.bak"])
            #expect(try text(stack, ".anyclauderc.yaml.bak") == "mine")
        }

        private func text(_ stack: Stack, _ name: String) throws -> String { try String(contentsOfFile: "\(stack.folder)/\(name)", encoding: .utf8) }

        private func mode(_ stack: Stack, _ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(stack.folder)/\(name)")[.posixPermissions] as? Int
        }

        @Test func whatIsOverwrittenIsKeptWithItsModeAndLink() throws {
            let stack = try machine()
            try stack.write("real/x.yaml", "mine: 1\n", mode: 0o600)
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/x.yaml", withDestinationPath: "real/x.yaml")
            let run = try stack.anyclaude("init", "--force", "-o", "x.yaml")
            #expect(run.status == 0 && run.output.contains("wrote x.yaml; the old text is in x.yaml.bak\n"), "\(run.output)\(run.errors)")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(stack.folder)/x.yaml") == "real/x.yaml")
            let written = try text(stack, "real/x.yaml")
            #expect(written.hasPrefix("# yaml-language-server"))
            for name in ["real/x.yaml", "x.yaml.bak"] { #expect(try mode(stack, name) == 0o600, "\(name)") }
            #expect(try text(stack, "x.yaml.bak") == "mine: 1\n")

            // A backup is never overwritten, and what is the same already needs none.
            #expect(try stack.anyclaude("init", "--force", "-o", "x.yaml").status == 0)
            #expect(!FileManager.default.fileExists(atPath: "\(stack.folder)/x.yaml.bak.1"))
            try stack.write("real/x.yaml", "mine: 2\n", mode: 0o600)
            let again = try JSON(parsing: stack.anyclaude("init", "--force", "-o", "x.yaml", "--json").output)
            #expect(again["path"] == "x.yaml" && again["backup"] == "x.yaml.bak.1")
            #expect(try text(stack, "x.yaml.bak") == "mine: 1\n" && text(stack, "x.yaml.bak.1") == "mine: 2\n")

            // Nothing to keep: it is made, and for whom the mask says.
            #expect(try stack.anyclaude("init", "--force", "-o", "new.yaml").status == 0)
            #expect(!FileManager.default.fileExists(atPath: "\(stack.folder)/new.yaml.bak"))
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/lost.yaml", withDestinationPath: "nowhere/x.yaml")
            let lost = try stack.anyclaude("init", "--force", "-o", "lost.yaml")
            #expect(lost.status == 73 && lost.errors.contains("lost.yaml is a link to nothing"), "\(lost.errors)")
            let folder = try stack.anyclaude("init", "--force", "-o", "real")
            #expect(folder.status == 73 && folder.errors.contains("real is there, and is no file"), "\(folder.errors)")
        }

        @Test(arguments: ["x.json", "sub.d/.anyclauderc.json", "X.JSON", "x.jsonc"])
        func yamlIsNotWrittenIntoJSON(name: String) throws {
            let stack = try machine()
            for options in [[], ["--force"], ["--dry-run"]] {
                let run = try ProgramRun.run(
                    "anyclaude", ["init", "-o", name] + options, environment: stack.environment, directory: stack.folder)
                #expect(run.status == 64 && run.output.isEmpty && run.errors.contains("hint: name it "), "\(run.errors)")
                #expect(run.errors.contains(".yaml"), "\(run.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(stack.folder)/\(name)"))
        }

        @Test func anOlderFileIsNotPutInTheShade() throws {
            let stack = try machine()
            try stack.write(".anyclauderc.json", "{}")
            let run = try stack.anyclaude("init")
            #expect(run.status == 73 && run.errors.contains("anyclaude migrate"), "\(run.errors)")
            #expect(try stack.anyclaude("init", "-o", "other.yaml").status == 0)
            #expect(try stack.anyclaude("validate", "other.yaml").status == 0)
        }

        @Test func modelsAreFoundWhereTheyAre() throws {
            let stack = try machine()
            try addModel(stack, "models/a/b/own")
            try addModel(stack, ".cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/0123", quantization: ",\"quantization\":{\"bits\":4}")
            try addModel(stack, ".cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/0456")
            try stack.write(".cache/huggingface/hub/models--Qwen--Qwen3-0.6B/refs/main", "0456")
            try addModel(stack, ".cache/huggingface/hub/datasets--x/snapshots/0")
            try addModel(stack, "models/1/2/3/4/5/6/deep")
            try stack.write(".lmstudio/models/org/name/m-Q4.gguf", "x")
            try stack.write(".lmstudio/models/org/name/mmproj-m.gguf", "x")
            try stack.write(".lmstudio/models/org/big/m-00001-of-00002.gguf", "xx")
            try stack.write(".lmstudio/models/org/big/m-00002-of-00002.gguf", "xxx")
            try addModel(stack, "models/bert", type: "bert", quantization: ",\"architectures\":[\"BertModel\"]")
            // The folder is the home too; a link shows nothing twice, and a circle ends.
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/models/link", withDestinationPath: "a")
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/models/circle", withDestinationPath: ".")
            let document = try found(stack)
            #expect(
                paths(document).sorted() == [
                    "./.cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/0456", "./.lmstudio/models/org/big/m-00001-of-00002.gguf",
                    "./.lmstudio/models/org/name/m-Q4.gguf", "./models/a/b/own",
                ])
            let split = document["found"]?["models"]?.arrayValue?.first { $0["path"]?.stringValue?.contains("00001") ?? false }
            #expect(split?["bytes"] == 5)
            #expect(document["chosen"]?["model"] == "./models/a/b/own")
            #expect(document["format_version"] == "1.0")
        }

        @Test func keysAreSeenAndNotRead() throws {
            let stack = try machine()
            let canary = "sk-or-\(UUID().uuidString)"
            stack.environment["OPENROUTER_API_KEY"] = canary
            let document = try found(stack)
            #expect(document["found"]?["keys"] == ["OPENROUTER_API_KEY"])
            #expect(!document.text.contains(canary))
        }

        @Test func aFolderThatCannotBeWrittenIsSaid() throws {
            let stack = try machine()
            let run = try stack.anyclaude("init", "-o", "missing/file.yaml")
            #expect(run.status == 73 && run.errors.contains("missing/file.yaml"), "\(run.errors)")
            #expect(run.errors.contains("make the folder missing first") && !run.errors.contains("ANYCLAUDE_HOME"), "\(run.errors)")
            for options in [[], ["--force"], ["--dry-run"]] {
                let empty = try ProgramRun.run(
                    "anyclaude", ["init", "-o", ""] + options, environment: stack.environment, directory: stack.folder)
                #expect(empty.status == 64 && empty.output.isEmpty && empty.errors.contains("-o needs a file"), "\(empty.errors)")
            }
            #expect(try stack.anyclaude("init", "-f", "x").status == 64)
        }
    }
}
