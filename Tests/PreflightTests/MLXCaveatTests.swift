import Control
import Glibc
import Host
import HostFixtures
import LaunchPlan
import Testing

@testable import Preflight

/// Python environments that are folders alone.
@Suite struct MLXCaveatTests {
    private static let good = ["mlx": "0.31.2", "mlx_lm": "0.26.4", "outlines": "0.2.3", "transformers": "4.57.1", "mlx_textgen": "0.2.1"]

    /// A virtual environment with these packages; `source` is mlx_textgen/model_utils.py.
    private func environment(_ packages: [String: String], source: String = "def wired_limit(): pass") throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, version) in packages { try folder.make("venv/lib/python3.11/site-packages/\(name)-\(version).dist-info") }
        try folder.write("venv/lib/python3.11/site-packages/mlx_textgen/model_utils.py", source)
        for program in ["mlx_textgen", "mlx_lm.server"] { try folder.write("venv/bin/\(program)", "#!/bin/sh\n", executable: true) }
        try folder.write("bin/g++", "#!/bin/sh\n", executable: true)
        return folder
    }

    private func findings(
        _ folder: TemporaryFolder, _ requirement: PreflightCheck.Requirement, path: String = "/nowhere", variables: [String: PlanValue] = [:],
        files: [GeneratedFile] = [], isLaunched: Bool = false
    ) throws -> [PreflightFinding] {
        var service = Fixture.service("w")
        if case .mlxTextgen(let program, _) = requirement, !isLaunched { service.argv = [program, "serve"] }
        service.files = files
        service.environment = variables.merging(["PATH": .text(path)]) { given, _ in given }
        let plan = LaunchPlan(
            instance: "default", services: [service], preflight: [PreflightCheck(service: "w", requirement: requirement, key: "k")], probationMs: 0)
        let preflight = Preflight(
            bindings: [.config: folder.path], secrets: try SecretStore(runtime: folder.path, state: folder.path),
            members: { _ in [] }, leaving: [])
        return preflight.report(plan).results[0].findings
    }

    private func textgen(_ folder: TemporaryFolder, model: String? = nil, compiler: Bool = true) throws -> [PreflightFinding] {
        try findings(
            folder,
            .mlxTextgen(
                program: .path(.absolute("\(folder.path)/venv/bin/mlx_textgen")), model: model.map { .absolute("\(folder.path)/\($0)") }),
            path: compiler ? "\(folder.path)/bin" : "/nowhere")
    }

    private let metal = #"max_rec_size = mx.metal.device_info()["max_recommended_working_set_size"]"#

    @Test func theSetThatWorksHasNoFinding() throws { #expect(try textgen(try environment(Self.good)).isEmpty) }

    @Test func everythingThatHoldsIsSaid() throws {
        let bad = ["mlx": "0.32.4", "mlx_lm": "0.32.2", "outlines": "1.3.3", "transformers": "5.23.0", "mlx_textgen": "0.2.1"]
        let found = try textgen(try environment(bad, source: metal))
        #expect(found.map(\.severity) == [.error, .error, .warning, .warning])
        #expect(found[0].message.contains("mlx-textgen 0.2.1") && found[0].message.contains("max_recommended_working_set_size"))
        #expect(found[0].hint?.contains(MLXCaveats.shim) == true)
        #expect(found[1].message.contains("mlx 0.32.4") && found[1].message.contains("There is no Stream(cpu, 0)"))
        #expect(found[1].hint?.contains("python3 -m pip install \"mlx[cpu]==0.31.2\"") == true)
        #expect(found[2].message.contains("outlines 1.3.3"))
        #expect(found[3].message.contains("transformers 5.23.0"))
    }

    @Test func aRepairOfTheLimitIsSeen() throws {
        let folder = try environment(Self.good, source: metal)
        #expect(try textgen(folder).count == 1)
        try folder.write("venv/bin/mlx_textgen", "#!/venv/bin/python3\n\(MLXCaveats.shim)\n", executable: true)
        #expect(try textgen(folder).isEmpty)
    }

    @Test func theEnginesOwnRepairIsSeen() throws {
        let folder = try environment(Self.good, source: metal)
        let program = PlanValue.path(.absolute("\(folder.path)/venv/bin/mlx_textgen"))
        let file = GeneratedFile(path: .absolute("/run/w/sitecustomize.py"), contents: ["module.wired_limit ="])
        func severities(_ path: PlanValue) throws -> [PreflightFinding.Severity] {
            try findings(
                folder, .mlxTextgen(program: program, model: nil), path: "\(folder.path)/bin", variables: ["PYTHONPATH": path], files: [file]
            ).map(\.severity)
        }
        #expect(try severities(.path(.absolute("/run/w"))).isEmpty)
        #expect(try severities(.text("/mine")) == [.error], "a path of the file's own hides it")
    }

    @Test func callsThatAreLostInStreamsAreSaid() throws {
        let folder = try environment(Self.good)
        try folder.write("venv/lib/python3.11/site-packages/mlx_textgen/engine.py", "if len([s for s in status if status == 'tool_call_start']) > 0:")
        #expect(
            try textgen(folder).map(\.message) == ["mlx-textgen 0.2.1 ends a streamed answer where the model begins a tool call: the call is lost"])
        try folder.write("venv/lib/python3.11/site-packages/mlx_textgen/engine.py", "if len([s for s in status if s == 'tool_call_start']) > 0:")
        #expect(try textgen(folder).isEmpty)
    }

    @Test func whatALauncherMayRepairIsOnlyWarnedOf() throws {
        let folder = try environment(Self.good.merging(["mlx": "0.32.4"]) { $1 }, source: metal)
        let program = PlanValue.path(.absolute("\(folder.path)/venv/bin/mlx_textgen"))
        let found = try findings(folder, .mlxTextgen(program: program, model: nil), isLaunched: true)
        #expect(found.map(\.severity) == [.warning, .warning])
    }

    @Test func thePipOfTheEnvironmentIsNamed() throws {
        let folder = try environment(Self.good.merging(["outlines": "1.0.0"]) { $1 })
        try folder.write("venv/bin/pip", "#!/bin/sh\n", executable: true)
        #expect(try textgen(folder).first?.hint == "\(folder.path)/venv/bin/pip install \"outlines==0.2.3\"")
    }

    @Test func anOlderMLXNeedsACompiler() throws {
        let folder = try environment(Self.good)
        #expect(try textgen(folder, compiler: false).map(\.severity) == [.error])
        let newer = try environment(Self.good.merging(["mlx": "0.32.0rc1"]) { $1 })
        #expect(try textgen(newer, compiler: false).map { $0.message.contains("Stream") } == [true], "only the streams")
    }

    /// Wrong answers are as bad as none: bf16 on a CPU.
    @Test(arguments: [
        ("0.26.5", "bfloat16", [PreflightFinding.Severity.error]), ("0.29.4", "float16", [.error]), ("0.29.4", "float32", []),
        ("0.30.6", "bfloat16", []),
    ])
    func anOlderMLXComputesNonsense(mlx: String, type: String, severities: [PreflightFinding.Severity]) throws {
        let folder = try environment(Self.good.merging(["mlx": mlx]) { $1 })
        try folder.write("m/config.json", #"{"torch_dtype": "\#(type)"}"#)
        try folder.write("m/tokenizer_config.json", #"{"chat_template": "{{ x }}"}"#)
        #expect(try textgen(folder, model: "m").map(\.severity) == severities)
        let graphics = try environment(Self.good.merging(["mlx": mlx, "mlx_cuda": mlx]) { $1 })
        #expect(try textgen(graphics).isEmpty)
    }

    @Test func modelsOfTransformers5AreNotLoadedBy4() throws {
        let folder = try environment(Self.good)
        try folder.write("m/tokenizer_config.json", #"{"extra_special_tokens": ["<a>"]}"#)
        #expect(try textgen(folder, model: "m").map(\.severity) == [.error, .warning])
        try folder.write("m/tokenizer_config.json", #"{"extra_special_tokens": {}, "chat_template": "{{ x }}"}"#)
        #expect(try textgen(folder, model: "m").isEmpty)
        try folder.write("m/tokenizer_config.json", "not JSON")
        #expect(try textgen(folder, model: "m").isEmpty)
        let five = try environment(Self.good.merging(["transformers": "5.0.0"]) { $1 })
        try five.write("m/tokenizer_config.json", #"{"extra_special_tokens": ["<a>"]}"#)
        #expect(try textgen(five, model: "m").map(\.severity) == [.warning])
    }

    @Test(arguments: [
        (#"{"chat_template": "<tool_call>\n<function=x>"}"#, nil), (#"{"chat_template": [{"name": "a", "template": "<function="}]}"#, nil),
        (#"{"chat_template": ""}"#, "<tool_call> <function="), (#"{"chat_template": "<tool_call> '<think>\\n\\n</think>\\n\\n'"}"#, nil),
    ])
    func callsThatComeBackAsText(configuration: String, template: String?) throws {
        let folder = try environment(Self.good)
        try folder.write("m/tokenizer_config.json", configuration)
        if let template { try folder.write("m/chat_template.jinja", template) }
        let found = try textgen(folder, model: "m")
        #expect(found.map(\.severity) == [.warning])
        #expect(found.first?.message.hasSuffix("mlx-textgen gives tool calls back as text") == true)
    }

    @Test func aProgramWithoutPackagesHasNothingToSay() throws {
        let folder = try TemporaryFolder()
        try folder.write("bin/mlx_textgen", "#!/bin/sh\n", executable: true)
        #expect(PythonEnvironment(of: "\(folder.path)/bin/mlx_textgen") == nil)
        #expect(PythonEnvironment(of: "mlx_textgen") == nil)
    }

    @Test func linksAndInterpretersLeadToThePackages() throws {
        let folder = try environment(Self.good)
        try folder.make("other")
        #expect(symlink("\(folder.path)/venv/bin/mlx_textgen", "\(folder.path)/other/linked") == 0)
        #expect(PythonEnvironment(of: "\(folder.path)/other/linked")?["mlx-lm"] == PackageVersion("0.26.4"))
        try folder.write("other/script", "#!\(folder.path)/venv/bin/python3 -E\nprint()\n", executable: true)
        #expect(PythonEnvironment(of: "\(folder.path)/other/script")?["mlx"] == PackageVersion("0.31.2"))
    }

    @Test func theHubsFolderIsMissed() throws {
        let folder = try environment(["mlx": "0.32.4", "mlx_lm": "0.32.2"])
        let requirement = PreflightCheck.Requirement.mlxLM(program: .path(.absolute("\(folder.path)/venv/bin/mlx_lm.server")))
        let found = try findings(folder, requirement, variables: ["HOME": .text("\(folder.path)/home")])
        #expect(found.map(\.severity) == [.warning])
        #expect(found.first?.hint == "mkdir -p \(folder.path)/home/.cache/huggingface/hub")
        try folder.make("cache/hub")
        #expect(try findings(folder, requirement, variables: ["HF_HOME": .text("\(folder.path)/cache")]).isEmpty)
        #expect(try findings(folder, requirement, variables: ["HF_HUB_CACHE": .text("\(folder.path)/cache/hub")]).isEmpty)
    }
}
