import Testing

@testable import anyclaude

struct UpstreamArgumentsTests {
    private func translated(_ line: String, hasConfiguration: Bool = true) -> String {
        UpstreamArguments.translated(
            line.split(separator: " ").map(String.init), commands: ["run", "status", "apply", "check-setup"], hasConfiguration: hasConfiguration
        ).joined(separator: " ")
    }

    @Test(arguments: [
        ("", "run -- claude"),
        ("--mode=vllm-mlx", "run --backend vllm-mlx -- claude"),
        ("--mode vllm-mlx", "run --backend vllm-mlx -- claude"),
        ("--mode=openrouter -p hello --model x", "run --backend openrouter -- claude -p hello --model x"),
        ("-p hello --mode=lmstudio", "run --backend lmstudio -- claude -p hello"),
        ("--mode=claude -- --mode=x", "run --backend claude -- claude --mode=x"),
        ("--resume", "run -- claude --resume"),
        ("--check-setup", "check-setup"),
        ("--mode=lmstudio --test-model", "test-model --backend lmstudio"),
        ("status --json", "status --json"),
        ("run -- claude --mode=x", "run -- claude --mode=x"),
        ("--instance lab status --json", "status --instance lab --json"),
        ("-f x.yaml apply", "apply -f x.yaml"),
        ("--version", "--version"),
        ("--help", "--help"),
        ("--generate-completion-script=bash", "--generate-completion-script=bash"),
        ("stauts", "stauts"),
    ])
    func lines(line: String, meaning: String) { #expect(translated(line) == meaning) }

    @Test func withoutAConfigurationHelpIsShown() {
        #expect(translated("", hasConfiguration: false) == "--help")
        #expect(translated("--resume", hasConfiguration: false) == "--resume")
        #expect(translated("--mode=claude", hasConfiguration: false) == "run --backend claude -- claude")
    }

    /// The history is for all who may read it; a prompt is the client's.
    @Test(arguments: [
        ("--mode=lmstudio -p secret", "run", "run --backend lmstudio"),
        ("-p run secret", "run", "run"),
        ("run --backend x -- claude -p secret", "run", "run --backend x"),
        ("", "run", "run"),
        ("apply -f x.yaml --yes", "apply", "apply -f x.yaml --yes"),
        ("--instance lab down", "down", "down --instance lab"),
    ])
    func whatTheHistoryKeeps(line: String, command: String, kept: String) {
        #expect(UpstreamArguments.own(line.split(separator: " ").map(String.init), command: command).joined(separator: " ") == kept)
    }
}
