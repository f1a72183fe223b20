import ArgumentParser
@preconcurrency import Glibc
import InferenceRuntime

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How fast a checkpoint runs here: tokens a second, as JSON.",
        discussion: "Two threads on a quiet machine say most. Compare only figures of the same minute: memory is shared with neighbours.")
    @Argument(help: "The checkpoint's directory.")
    var directory: String
    @Option(help: "Threads of the kernels; all cores by default.")
    var threads: Int?
    @Option(help: "The instruction set of the kernels: portable, avx2, avx512 or avx512bf16; the best of this CPU by default.")
    var instructionSet: InstructionSet?
    @Option(help: "Runs of each measure, of which the best counts.")
    var repeats = 5
    @Option(parsing: .upToNextOption, help: "What to measure: model, streams, lookup, store; all by default.")
    var parts: [Benchmark.Part] = []

    func run() async throws {
        try await reporting(directory) {
            let benchmark = try Benchmark(model: directory, threads: threads, instructionSet: instructionSet, repeats: repeats)
            let result = try await benchmark.run(parts.isEmpty ? Set(Benchmark.Part.allCases) : Set(parts)) { fputs("\($0)\n", stderr) }
            print(result.prettyText)
        }
    }
}

extension InstructionSet: ExpressibleByArgument {
    public init?(argument: String) {
        guard let known = InstructionSet.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = known
    }
}

extension Benchmark.Part: ExpressibleByArgument {}
