import ArgumentParser
import Glibc
import InferenceRuntime

struct ModelOption: ParsableArguments {
    @Option(help: ArgumentHelp("The checkpoint.", valueName: "dir"))
    var model: String

    /// Answers each line of standard input.
    func answer(by command: any Inspection.Command) {
        while let line = readLine() {
            if line.isEmpty { continue }
            print(Inspection.answer(line, by: command).text)
            // Who asks through a pipe waits for this answer before the next question.
            fflush(nil)
        }
    }
}

struct Tokenize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "{\"text\"} → {\"ids\"}")
    @OptionGroup var model: ModelOption
    func run() async throws { try await reporting(model.model) { model.answer(by: try Inspection.Tokenize(model: model.model)) } }
}

struct Detokenize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "{\"ids\", \"skip_special\"} → {\"text\"}")
    @OptionGroup var model: ModelOption
    func run() async throws { try await reporting(model.model) { model.answer(by: try Inspection.Detokenize(model: model.model)) } }
}

struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "{\"messages\", \"kwargs\"} → {\"rendered\"}")
    @OptionGroup var model: ModelOption
    @Option(help: ArgumentHelp("A template in place of the checkpoint's.", valueName: "file"))
    var template: String?
    func run() async throws {
        try await reporting(model.model) { model.answer(by: try Inspection.Render(model: model.model, templateFile: template)) }
    }
}

struct ParseTools: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "{\"text\", \"tools\", \"dialect\"} → {\"calls\", \"content\"}")
    @OptionGroup var model: ModelOption
    func run() async throws { try await reporting(model.model) { model.answer(by: try Inspection.ParseTools(model: model.model)) } }
}

struct Logits: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "{\"ids\", \"greedy\": N} → {\"logits\", \"greedy\"}")
    @OptionGroup var model: ModelOption
    @Option(help: "How exactly keys and values are kept: reference or fast.")
    var precision = Precision.fast
    @Option(help: "Threads of the kernels; all cores by default.")
    var threads: Int?
    func run() async throws {
        try await reporting(model.model) { model.answer(by: try Inspection.Logits(model: model.model, precision: precision, threads: threads)) }
    }
}

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What a checkpoint is, and what it will need.")
    @Argument(help: "The checkpoint's directory.")
    var directory: String?
    @Option(help: .hidden)
    var model: String?
    func run() async throws {
        guard let path = directory ?? model else { throw ValidationError("name the checkpoint's directory") }
        try await reporting(path) { print(try CheckpointReport(model: path).json.prettyText) }
    }
}
