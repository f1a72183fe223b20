import ConfigCompiler
import ConfigurationTwins
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// How a configuration is written is nothing to its plan.
@Suite struct TwinTests {
    private static func compile(_ files: [(name: String, text: String)], environment: [String: String] = [:]) -> Compilation {
        let reader = IncludeReader { (path: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
            guard let file = files.first(where: { $0.name == path.joined(separator: "/") }) else {
                throw ConfigFileError(message: "no such file", hint: "", exitCode: 66, code: .noFile)
            }
            return Array(file.text.utf8)
        }
        return Compiler.compile(
            CompilerInput(
                file: SourceFile(path: files[0].name, bytes: Array(files[0].text.utf8)), overrides: Overrides(environment: environment),
                includes: reader))
    }

    /// Random files of many keys, each in several texts: one id, one body.
    @Test func everyTextOfAMeaningGivesOnePlan() throws {
        var random = SplitMix(seed: 20)
        var valid = 0
        var findings = 0
        for round in 0..<400 {
            let value = ConfigurationCorpus.valid(&random)
            let base = Self.compile([("a.json", value.text)])
            var twins = Twins(seed: random.next())
            let texts: [[(name: String, text: String)]] = [
                [("a.json", twins.json(value))], [("b.yaml", twins.yaml(value))], [("c.yml", twins.yaml(value))], twins.split(value),
            ]
            for files in texts {
                let other = Self.compile(files)
                // Where one text has a plan, so has every other one.
                let text = files.map { "# \($0.0)\n\($0.1)" }.joined(separator: "\n")
                guard let plan = base.plan, let again = other.plan else {
                    #expect((base.plan == nil) == (other.plan == nil), "round \(round)\n\(Self.errors(base)) \(Self.errors(other))\n\(text)")
                    continue
                }
                #expect(try plan.id() == again.id(), "round \(round)\n\(text)")
                #expect(try plan.json().canonicalBytes == again.json().canonicalBytes)
            }
            if base.plan != nil { valid += 1 } else { findings += 1 }
        }
        #expect(valid >= 100, "\(valid) of \(valid + findings) are valid: the test says too little")
    }

    /// Whatever backends of one kind there are: a variable means the same one of them in every text.
    @Test func variablesMeanOneBackendInEveryText() throws {
        var random = SplitMix(seed: 21)
        let names = ["vllm-mlx", "mlx-textgen", "mlx", "mlx-lm", "mlx-legacy", "local", "mine"]
        let environment = ["MLX_MODEL": "./m", "LOCAL_CONTEXT_LENGTH": "8192", "VLLM_MLX_API_KEY": "x", "LMSTUDIO_MODEL": "q"]
        for round in 0..<200 {
            let chosen = names.filter { _ in random.once(in: 2) }
            let members = chosen.enumerated().map { index, name in
                JSONObject.Member(key: name, value: ["kind": "vllm-mlx", "model": .string("./\(name)"), "port": .integer(9100 + index)])
            }
            let routes = chosen.map { JSON.object(["match": ["model": .string($0)], "to": .string($0)]) }
            let value: JSON = [
                "backend": .string(random.once(in: 3) ? chosen.first ?? "claude" : "claude"), "backends": .object(JSONObject(members)),
                "routes": .array(routes),
            ]
            var twins = Twins(seed: random.next())
            let ids = try (0..<4).map { _ in try Self.compile([("a.json", twins.json(value))], environment: environment).plan?.id() }
            #expect(Set(ids).count == 1 && ids[0] != nil, "round \(round): \(value.text)")
        }
    }

    private static func errors(_ compilation: Compilation) -> [String] {
        compilation.diagnostics.filter { $0.severity == .error }.map { "\($0.code.rawValue) \($0.message)" }
    }

    /// The writer of twins has what it should have.
    @Test func twinsAreOfManyKinds() {
        var twins = Twins(seed: 3)
        let value: JSON = [
            "backend": "claude", "proxy": ["port": 8788, "limits": ["ping": "5s"]],
            "backends": ["claude": ["description": "claude"], "lmstudio": ["enabled": false]],
        ]
        let texts = (0..<200).map { _ in twins.yaml(value) }
        for part in ["\r\n", "# a remark", "{", "'", "\"", "|-", "0x2254", "&a0", "*a", "%YAML", "\u{FEFF}", "// "] {
            #expect(texts.contains { $0.contains(part) }, "\(part)")
        }
        #expect(Set(texts).count > 150)
    }
}
