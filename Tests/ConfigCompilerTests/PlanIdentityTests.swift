import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

@Suite struct PlanIdentityTests {
    private func compileFixture(_ name: String) throws -> Compilation {
        Compiler.compile(CompilerInput(file: SourceFile(path: name, bytes: try Fixtures.bytes("valid/\(name)"))))
    }

    @Test func everyValidFixtureHasAPlan() throws {
        for name in try Fixtures.names(in: "valid") {
            let result = try compileFixture(name)
            #expect(result.plan != nil, "\(TextRenderer(color: false).render(result.diagnostics, result.sources))")
        }
    }

    @Test(arguments: ["migration-before", "migration-after"])
    func theMigrationDesignsFilesValidateAsTheyStandAndTwinsAgree(name: String) throws {
        let json = try compileFixture("\(name).json")
        let yaml = try compileFixture("\(name).yaml")
        #expect(json.diagnostics.isEmpty)
        #expect(yaml.diagnostics.isEmpty)
        let first = try #require(json.plan)
        let second = try #require(yaml.plan)
        #expect(try first.id() == second.id())
        #expect(try first.json().canonicalBytes == second.json().canonicalBytes)
    }

    @Test func theMigrationTouchesTheWorkerAlone() throws {
        let before = try compileFixture("migration-before.json")
        let after = try compileFixture("migration-after.json")
        let old = try #require(before.plan)
        let new = try #require(after.plan)
        let diff = try PlanDiff.between((old, before.provenance), (new, after.provenance))
        let worker = try #require(diff.changes.first { $0.service == "vllm-mlx" })
        #expect(worker.action == .replace)
        #expect(worker.mode == .stopFirst)
        let script = try #require(worker.causes.first { $0.key == "backends.vllm-mlx.serverScript" })
        #expect(script.old == "scripts/vllm-mlx-server.py")
        #expect(script.new == "scripts/mlx-textgen-server.sh")
        #expect(script.source == "migration-after.json:9:23")
    }

    @Test func meaningAloneDecidesTheId() throws {
        let base = try plan("backend: vllm-mlx\nbackends:\n  vllm-mlx: { model: ./m, port: 8081, cache: { cache_slots: 10 } }\n").id()
        let same = [
            "# a remark\nbackends:\n  vllm-mlx:\n    cache: {cache_slots: 10}\n    port: 8081\n    model: \"./m\"\nbackend: vllm-mlx\n",
            "backend: vllm-mlx\r\nbackends:\r\n  vllm-mlx: { model: ./m/., port: 0x1F91, cache: { cacheSlots: 10 } }\r\n",
            "\u{FEFF}{\"backends\": {\"vllm-mlx\": {\"model\": \"./x/../m\", \"port\": 8081, \"// why\": 1}}}",
            "backend: vllm-mlx\nbackends:\n  vllm-mlx: { <<: { port: 8081 }, model: ./m, cache: { slots: 10 } }\n",
        ]
        for text in same { #expect(try plan(text).id() == base, "\(text)") }
        let anchored = "backend: vllm-mlx\nbackends:\n  lmstudio: { enabled: false, model: &m ./m }\n  vllm-mlx: { model: *m, port: 8081 }\n"
        #expect(try plan(anchored).id() == base)
        #expect(try plan("backends: { vllm-mlx: { model: ./m, port: 8082 } }").id() != base)
    }

    /// Swift's dictionaries are ordered differently in each process and each instance: none may reach the plan.
    @Test func compilingManyTimesGivesTheSameBytes() throws {
        let bytes = try Fixtures.bytes("valid/full.yaml")
        let all = try (0..<20).map { _ in
            try #require(Compiler.compile(CompilerInput(file: SourceFile(path: "full.yaml", bytes: bytes))).plan).json().canonicalBytes
        }
        #expect(Set(all).count == 1)
    }

    @Test func aPlanKnowsNothingOfItsFile() throws {
        let text = "backend: a\nbackends:\n  a: { kind: vllm-mlx, model: ./m, serverScript: ./s.sh }\n"
        #expect(try plan(text, name: "a.yaml").id() == plan(text, name: "/somewhere/else/b.yaml").id())
    }

    @Test func plansHaveGoldenForms() throws {
        for name in try Fixtures.names(in: "valid") {
            let plan = try #require(try compileFixture(name).plan)
            let canonical = try JSON(parsing: try plan.json().canonicalBytes)
            try Fixtures.expectGolden(canonical.prettyText + "\n", "plans/\(name).plan.json")
            let read = try JSON(parsing: try Fixtures.bytes("plans/\(name).plan.json")).decode(LaunchPlan.self)
            #expect(read == plan)
        }
    }
}
