import ArgumentParser
import FoundationEssentials
import Proxy

/// For `make bench-translation`.
struct MeasureTranslationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure-translation", abstract: "The CPU time that a request's body costs before its server is asked.", shouldDisplay: false)

    @Argument(help: "A file with the body of a request to /v1/messages.") var file: String
    @Option(help: "The dialect of the server.") var dialect = "native"
    @Option(help: "How often.") var rounds = 1000

    func run() throws {
        guard let body = FileManager.default.contents(atPath: file) else { throw ValidationError("cannot read \(file)") }
        let result = try TranslationBenchmark(body: Array(body), dialect: dialect, rounds: rounds).run()
        print(#"{"bytes":\#(body.count),"sent_bytes":\#(result.sentBytes),"cold_us":\#(result.cold),"warm_us":\#(result.warm)}"#)
    }
}
