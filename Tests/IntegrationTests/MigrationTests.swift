import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// The seeds' migration to MLX-Textgen and its way back, with one command instead of three steps.
    ///
    /// The launcher is ours and real; `mlx_textgen` is the native runtime behind the same command line, since the package itself
    /// does not run on Linux as it is published.
    @Suite struct MigrationTests {
        @Test func failedMigrationRollsBackByItselfAndByCommand() throws {
            let stack = try Stack()
            let example = "\(TestEnvironment.root)/examples/mlx-textgen"
            for script in ["mlx-textgen-server.sh", "vllm-mlx-server.py"] {
                try stack.write("scripts/\(script)", try String(contentsOfFile: "\(example)/scripts/\(script)", encoding: .utf8), mode: 0o755)
            }
            let server = """
                #!/bin/sh
                # serve -cf FILE, as MLX-Textgen's own command line.
                model=$(sed -n 's/.*model_id_or_path: "\\(.*\\)"/\\1/p' "$3")
                name=$(sed -n 's/.*model_name: "\\(.*\\)"/\\1/p' "$3")
                port=$(sed -n 's/^port: //p' "$3")
                exec anyclaude-runtime serve --model "$model" --name "$name" --port "$port"

                """
            try stack.write("bin/mlx_textgen", server, mode: 0o755)
            try stack.write(
                "venv/bin/mlx_textgen", server.replacing("exec ", with: "touch \"$(dirname \"$0\")/started\"\nexec "), mode: 0o755)
            stack.environment["PATH"] = "\(stack.folder)/bin:\(stack.environment["PATH"] ?? "")"
            let proposed = try String(contentsOfFile: "\(example)/.anyclauderc.json", encoding: .utf8)
                .replacing("8081", with: "@WORKER@").replacing("../models/demo", with: "@MODEL@")
                .replacing("\"backend\":", with: "\"proxy\": { \"port\": @PORT@ }, \"probation\": \"200ms\", \"backend\":")
            try stack.write(".anyclauderc.json", proposed)
            let migrated = try stack.anyclaude("apply")
            #expect(migrated.status == 0, "\(migrated.output)\(migrated.errors)\n\(stack.supervisorLog)")
            #expect(try stack.ask().status == 200)

            // A step back by editing the file fails, and the running stack is restored by itself.
            try stack.write(".anyclauderc.json", proposed.replacing("mlx-textgen-server.sh", with: "vllm-mlx-server.py"))
            let failed = try stack.anyclaude("apply")
            #expect(failed.status == 4, "\(failed.output)\(failed.errors)")
            #expect((failed.output + failed.errors).contains("giving up"), "the culprit's last words are missing")
            #expect(try stack.ask("Hello there").status == 200)

            // A second good plan, with the server of a virtual environment, and the way back to the first by command.
            try stack.write(
                ".anyclauderc.json",
                proposed.replacing("\"cache_slots\": 10", with: "\"cache_slots\": 5")
                    .replacing("\"serverScript\":", with: "\"pythonVenv\": \"./venv\", \"serverScript\":"))
            let second = try stack.anyclaude("apply")
            #expect(second.status == 0, "\(second.output)\(second.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(stack.folder)/venv/bin/started"), "the script started another mlx_textgen")
            let rollback = try stack.anyclaude("rollback")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errors)")
            #expect(try stack.ask("Hello").status == 200)
        }
    }
}
