import ArgumentParser
import InferenceRuntime

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the model over HTTP (the default command).")

    @Option(help: ArgumentHelp("Run alone, with this checkpoint.", valueName: "dir"))
    var model: String?
    @Option(help: "The port to listen on, for --model; 0 lets the system choose.")
    var port = 8081
    @Option(help: "The address to listen on, for --model.")
    var host = "127.0.0.1"
    @Option(help: "The id under which the model is offered; the directory's name by default.")
    var name: String?
    @Option(help: ArgumentHelp("Keep keys and values here, across restarts; in memory alone by default.", valueName: "dir"))
    var cacheDir: String?
    @Option(
        help: ArgumentHelp(
            "Compute this prompt at the start: JSON with `messages` and `tools`, or a system message. May be repeated.", valueName: "file"))
    var warm: [String] = []
    @Option(help: "Bytes that --cache-dir may have.")
    var cacheMaxBytes = 8 << 30
    @Option(help: "Tokens of prompt and answer together; the model's own limit by default.")
    var contextWindow: Int?
    @Option(help: "Threads of the kernels; all cores by default.")
    var threads: Int?
    @Option(help: "Requests computed together.")
    var maxBatch = 8
    @Option(help: "Requests that may wait.")
    var maxQueue = 64

    func validate() throws {
        guard maxBatch > 0, maxQueue >= 0, cacheMaxBytes >= 1 << 20 else {
            throw ValidationError("--max-batch must be at least 1, --max-queue at least 0 and --cache-max-bytes at least 1048576")
        }
    }

    func run() async throws {
        try await reporting(model) {
            guard let model else { return try await RuntimeServer.run(try RuntimeLaunch.inherited()) }
            let engine = EngineSettings(
                contextWindow: contextWindow, maxQueue: maxQueue, maxBatch: maxBatch,
                cache: CacheSettings(directory: cacheDir, maxBytes: cacheMaxBytes))
            try await RuntimeServer.run(
                try RuntimeLaunch.alone(model: model, name: name, engine: engine, threads: threads, warm: warm, host: host, port: port))
        }
    }
}
