import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// What must hold before an apply, asked with and without a supervisor.
    @Suite struct PreflightTests {
        private func document(_ run: ProgramRun) throws -> JSON { try JSON(parsing: run.output) }

        @Test func planShowsTheResultsWithAndWithoutASupervisor() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let alone = try stack.anyclaude("plan")
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(alone.output.contains("✔ proxy     127.0.0.1:\(stack.port) is free"), "\(alone.output)")
            #expect(alone.output.contains("this machine's memory is"))
            #expect(!FileManager.default.fileExists(atPath: stack.home + "/lock"), "a look starts and writes nothing")
            #expect(!FileManager.default.fileExists(atPath: stack.home + "/cache"))

            try #require(try stack.anyclaude("apply").status == 0)
            // Its own listeners are its own.
            let running = try stack.anyclaude("plan", "--json")
            let preflight = try document(running)["preflight"]
            #expect(preflight?["holds"] == true, "\(running.output)")
            #expect(preflight?["memory"]?["shares"]?[0]?["service"] == "vllm-mlx")
            #expect((preflight?["memory"]?["needed_bytes"]?.intValue ?? 0) > 1 << 20)
            #expect(preflight?["memory"]?["doubled"] == ["vllm-mlx"])
            #expect(try document(try stack.anyclaude("plan", "--json", "--no-preflight"))["preflight"] == nil)
            // Its supervisor has its ports too, and is not asked.
            let offline = try stack.anyclaude("plan", "--json", "--offline")
            #expect(try document(offline)["preflight"]?["holds"] == true, "\(offline.output)")
            #expect(try stack.status().generation == 1)
        }

        @Test func aGenerationThatCannotBeReadIsSaidAndReplaced() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            try #require(try stack.anyclaude("down").status == 0)
            try "{".write(toFile: "\(stack.home)/generations/1", atomically: true, encoding: .utf8)
            for arguments in [["plan"], ["apply", "--dry-run"]] {
                let run = try ProgramRun.run("anyclaude", arguments, environment: stack.environment, directory: stack.folder)
                #expect(run.status == 0, "\(arguments) \(run.errors)")
                #expect(run.errors.contains("generations/1 is damaged"), "\(run.errors)")
                #expect(run.output.contains("what is current can be read") && run.output.contains("2 to start"), "\(run.output)")
            }
            #expect(try stack.anyclaude("diff", "current", ".anyclauderc.yaml").status == 74)
            #expect(try stack.anyclaude("apply").status == 0)
        }

        @Test func whatDoesNotHoldIsSaidByEveryCommand() throws {
            let stack = try Stack()
            let tight = Stack.quickstart + "\nbudget: { memory: 1MiB }\n"
            try stack.write(".anyclauderc.yaml", tight)
            let plan = try stack.anyclaude("plan")
            #expect(plan.status == 0, "a plan is a report")
            #expect(plan.output.contains("✘ vllm-mlx"), "\(plan.output)")
            #expect(plan.output.contains("`budget.memory` is 1 MiB"))

            let dry = try stack.anyclaude("apply", "--dry-run")
            #expect(dry.status == 3)
            #expect(dry.output.contains("nothing was done"))
            #expect(!FileManager.default.fileExists(atPath: stack.home + "/lock"))

            let silent = try stack.anyclaude("validate")
            #expect(silent.status == 0 && silent.output.isEmpty, "\(silent.output)")
            let validate = try stack.anyclaude("validate", "--preflight")
            #expect(validate.status == 1)
            #expect(validate.output.contains("error[AC0901]"), "\(validate.output)")
            let sarif = try document(try stack.anyclaude("validate", "--preflight", "--format", "sarif"))
            #expect(sarif["runs"]?[0]?["results"]?[0]?["ruleId"] == "AC0901")

            let setup = try stack.anyclaude("check-setup")
            #expect(setup.output.contains("✘ vllm-mlx"), "\(setup.output)")

            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 3)
            #expect(apply.errors.contains("✘ backends.vllm-mlx.resources.memory"), "\(apply.errors)")
            #expect(apply.errors.contains("together"), "the sum is shown: \(apply.errors)")
            #expect(apply.errors.contains("refused: preflight"))
        }

        @Test func warningsDoNotBlock() throws {
            let stack = try Stack()
            // Two instances beside each other do not fit, one does.
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let plan = try document(try stack.anyclaude("plan", "--json"))
            let needed = try #require(plan["preflight"]?["memory"]?["needed_bytes"]?.intValue)
            try stack.write(".anyclauderc.yaml", Stack.quickstart + "\nbudget: { memory: \(needed + (1 << 20))B }\n")
            let validate = try stack.anyclaude("validate", "--preflight")
            #expect(validate.status == 0)
            #expect(validate.output.contains("warning[AC0902]"), "\(validate.output)")
            #expect(try stack.anyclaude("validate", "--preflight", "--deny", "AC0902").status == 1)
            #expect(try stack.anyclaude("validate", "--preflight", "--allow", "AC0902").output.isEmpty)
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.errors)")
            #expect(apply.errors.contains("! backends.vllm-mlx.resources.memory"), "\(apply.errors)")
            #expect(stack.supervisorLog.contains("preflight: backends.vllm-mlx.resources.memory"))
            // Now it runs, and would be exchanged by overlap.
            try stack.write(
                ".anyclauderc.yaml",
                Stack.quickstart.replacing("contextWindow: 8192", with: "contextWindow: 4096")
                    + "\nbudget: { memory: \(needed + (1 << 20))B }\n")
            let second = try stack.anyclaude("apply")
            #expect(second.status == 3, "\(second.errors)")
            #expect(second.errors.contains("replaced by overlap"))
        }

        @Test func aPortThatIsInUseIsSeenWithItsHolder() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let other = try Stack()
            try other.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try other.anyclaude("apply").status == 0)
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("@PORT@", with: "\(other.port)"))
            let dry = try stack.anyclaude("apply", "--dry-run", "--json")
            #expect(dry.status == 3)
            let results = try document(dry)["preflight"]?["results"]?.arrayValue ?? []
            let found = results.first { $0["key"] == "proxy.port" }?["findings"]?[0]?["message"]?.stringValue
            #expect(found?.contains("port \(other.port) is in use: pid") == true, "\(dry.output)")
        }
    }
}
