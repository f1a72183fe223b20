import ConfigurationTwins
import Diagnostics
import FoundationEssentials
import JSON
import LaunchPlan
import Testing

@testable import ConfigCompiler

@Suite struct StarterTests {
    private static let native = FoundModel(
        path: "./models/Qwen3-4B-MLX-4bit", form: .checkpoint(type: "qwen3", quantization: "mlx"), bytes: 2_400_000_000, isOwn: true)
    private static let hub = FoundModel(
        path: "~/.cache/huggingface/hub/models--Qwen--Qwen3-0.6B/snapshots/c1899de289a04d12100db370d81485cdf75e47ca", id: "Qwen/Qwen3-0.6B",
        form: .checkpoint(type: "qwen3", quantization: nil), bytes: 1_500_000_000)
    private static let large = FoundModel(
        path: "~/models/Llama 70B", form: .checkpoint(type: "llama", quantization: nil), bytes: 140 << 30, isOwn: true)
    private static let gguf = FoundModel(path: "/data/models/gemma-3-12b-it-Q4_K_M.gguf", form: .gguf, bytes: 7 << 30, isOwn: true)
    private static let memory = 32 << 30

    static let machines: [(String, Machine)] = [
        ("nothing", Machine()),
        ("lmstudio", Machine(lmStudio: ["text-embedding-nomic", "qwen/qwen3-coder-30b"], cores: 8, memoryBytes: memory)),
        ("hub", Machine(models: [hub], programs: ["claude": "/usr/bin/claude"], cores: 2, memoryBytes: 8 << 30)),
        ("several", Machine(models: [large, native, hub], cores: 16, memoryBytes: memory)),
        ("gguf", Machine(models: [gguf], programs: ["llama-server": "/usr/bin/llama-server"], cores: 8, memoryBytes: memory)),
        ("gguf-alone", Machine(models: [gguf], cores: 8, memoryBytes: memory)),
        ("openrouter", Machine(keys: ["OPENROUTER_API_KEY"], cores: 4, memoryBytes: 4 << 30)),
        (
            "everything",
            Machine(
                models: [native, large, gguf, hub], lmStudio: ["qwen/qwen3-coder-30b", "google/gemma-3"],
                programs: ["claude": "/usr/bin/claude", "llama-server": "/usr/bin/llama-server", "vllm": "/usr/bin/vllm"],
                keys: ["OPENROUTER_API_KEY", "ANTHROPIC_API_KEY"], cores: 32, memoryBytes: 256 << 30, configurations: [".anyclauderc.json"])
        ),
    ]

    private func findings(_ text: String) -> String {
        let result = compile(text, name: ".anyclauderc.yaml")
        return result.diagnostics.isEmpty && result.plan != nil ? "" : TextRenderer(color: false).render(result.diagnostics, result.sources) + text
    }

    @Test(arguments: machines.indices)
    func textsHaveGoldenForms(index: Int) throws {
        let (name, machine) = Self.machines[index]
        let choice = StarterChoice.of(machine)
        let text = StarterText.render(machine, choice)
        #expect(findings(text) == "")
        try Fixtures.expectGolden(text, "../starter/\(name).yaml")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 150 })
    }

    /// What a person gets by taking `#` away has no fault either.
    @Test(arguments: machines.indices)
    func examplesAreRight(index: Int) {
        let machine = Self.machines[index].1
        #expect(findings(StarterText.text(machine, StarterChoice.of(machine), schema: "x", examplesToo: true)) == "")
    }

    @Test func theChoiceHasAnOrder() {
        func choice(_ machine: Machine) -> StarterChoice.Backend { StarterChoice.of(machine).backend }
        #expect(choice(Machine()) == .claude)
        #expect(choice(Machine(keys: ["OPENROUTER_API_KEY"])) == .openrouter)
        #expect(choice(Machine(keys: ["ANTHROPIC_API_KEY"])) == .claude)
        #expect(choice(Machine(lmStudio: [], keys: ["OPENROUTER_API_KEY"])) == .lmstudio(model: nil))
        #expect(choice(Machine(models: [Self.hub], lmStudio: ["m"])) == .lmstudio(model: "m"))
        #expect(choice(Machine(models: [Self.hub], lmStudio: ["embed"])) == .worker(Self.hub, engine: "native"))
        #expect(choice(Machine(models: [Self.native], lmStudio: ["m"])) == .worker(Self.native, engine: "native"))
        #expect(choice(Machine(models: [Self.large], memoryBytes: Self.memory)) == .claude)
        #expect(choice(Machine(models: [Self.gguf])) == .claude)
        let foreign = FoundModel(path: "./m", form: .checkpoint(type: "gemma3", quantization: "awq"), bytes: 1)
        #expect(choice(Machine(models: [foreign], programs: ["vllm": "/v", "mlx_lm.server": "/m"])) == .worker(foreign, engine: "vllm"))
        let mixture = FoundModel(
            path: "./Qwen3-30B-A3B-4bit", form: .checkpoint(type: "qwen3_moe", quantization: "mlx"), bytes: 17 << 30, isOwn: true)
        #expect(choice(Machine(models: [Self.native, mixture, Self.large])) == .worker(mixture, engine: "native"))
        #expect(choice(Machine(models: [Self.large])) == .worker(Self.large, engine: "native"))
        #expect(FoundModel(path: "./x-a3b.gguf", form: .gguf, bytes: 80).bytesPerToken == 10)
        #expect(FoundModel(path: "./AB-Ab", form: .gguf, bytes: 80).bytesPerToken == 80)
        let embedding = FoundModel(path: "./Qwen3-Embedding-4B", form: .checkpoint(type: "qwen3", quantization: nil), bytes: 8, isOwn: true)
        #expect(choice(Machine(models: [embedding])) == .claude)
        let mlx = FoundModel(path: "./m", form: .checkpoint(type: "gemma3", quantization: "mlx-affine-6"), bytes: 1)
        #expect(choice(Machine(models: [mlx], programs: ["vllm": "/v", "mlx_lm.server": "/m"])) == .worker(mlx, engine: "mlx-lm"))
        #expect(choice(Machine(models: [mlx], programs: ["vllm": "/v"])) == .claude)
    }

    @Test func whateverIsFoundTheTextIsRight() throws {
        var generator = SplitMix(seed: 22)
        let pieces = [
            "a", "B9", " ", "'", "\"", "\\", "#", ": ", "- ", "-", "--flag", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~",
            "null",
            "true", "1.5", "é", "日本", "🦆", "\t", "\n", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{202E}", "\u{FEFF}",
            noncharacter(0xFFFE),
            noncharacter(0x1FFFE),
            "/", "..", ".", "${X}", "$HOME", "sk-ant-api03-0123456789abcdef", "token: x", "api_key", "?", "<<", "=", "\u{E000}", "\r", "\u{300}",
        ]
        func text() -> String { (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined() }
        for _ in 0..<200 {
            let models = (0..<Int.random(in: 0...15, using: &generator)).map { _ in
                FoundModel(
                    path: (["./", "~/", "/", "./models/"].randomElement(using: &generator) ?? "") + text(),
                    id: Bool.random(using: &generator) ? text() : nil,
                    form: Bool.random(using: &generator)
                        ? .gguf : .checkpoint(type: ["qwen3", "gemma3", nil].randomElement(using: &generator) ?? nil, quantization: nil),
                    bytes: Int.random(in: 0...1 << 37, using: &generator), isOwn: Bool.random(using: &generator))
            }
            let machine = Machine(
                models: models, lmStudio: Bool.random(using: &generator) ? (0..<Int.random(in: 0...3, using: &generator)).map { _ in text() } : nil,
                programs: Dictionary(
                    uniqueKeysWithValues: Machine.knownPrograms.filter { _ in Bool.random(using: &generator) }.map { ($0, "/\(text())") }),
                keys: Set(Machine.knownKeys.filter { _ in Bool.random(using: &generator) }),
                memoryBytes: [nil, 1, 1 << 30, 1 << 38].randomElement(using: &generator) ?? nil)
            let choice = StarterChoice.of(machine)
            let written = StarterText.render(machine, choice)
            let faults = findings(written)
            #expect(faults == "")
            if case .worker(let model, _) = choice.backend, faults == "" {
                // The path that is compiled is the one that was found.
                let backend = try #require(compile(written, name: ".anyclauderc.yaml").plan?.service(named: "vllm-mlx"))
                let path = try PathText.planPath(model.path)
                let service = try JSON(encoding: backend).text
                #expect(service.contains(try JSON(encoding: path).text), "\(written)")
            }
        }
    }
}
