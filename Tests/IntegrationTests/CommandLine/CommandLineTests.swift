import FoundationEssentials
import Testing

/// The real `anyclaude` on files: commands that need no supervisor. Each test has a folder of its own.
@Suite(.enabled(if: TestEnvironment.commandFolder != nil, "anyclaude is not built (ANYCLAUDE_TEST_BIN, or `swift build`)"))
struct CommandLineTests {}

/// A folder with a home in it, for commands alone; gone with its owner.
final class Sandbox {
    let folder: String
    var environment: [String: String]

    init() throws {
        folder = "/tmp/ac-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "\(folder)/home", "ANYCLAUDE_HOME": "\(folder)/home/state", "LANG": "C.UTF-8"]
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static var program: String { "\(TestEnvironment.commandFolder ?? "")/anyclaude" }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        return url.path
    }

    func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self) }

    /// The names and contents of all files in the folder, hidden ones too.
    func files() throws -> [(name: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().compactMap { name in
            guard let data = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) else { return nil }
            return (name, String(decoding: data, as: UTF8.self))
        }
    }

    func anyclaude(_ arguments: String..., input: String? = nil, environment more: [String: String] = [:]) throws -> ProgramRun {
        try run(arguments, input: input, environment: more)
    }

    func run(_ arguments: [String], input: String? = nil, environment more: [String: String] = [:]) throws -> ProgramRun {
        try ProgramRun.run(
            Self.program, arguments, environment: environment.merging(more) { $1 }, directory: folder, input: input, limit: 60)
    }
}

/// Expects a status, and words in what the program wrote on both streams.
func expect(
    _ run: ProgramRun, exits status: Int32, output: String? = nil, saying words: String..., at location: SourceLocation = #_sourceLocation
) {
    #expect(run.status == status, "\(run.output)\(run.errors)", sourceLocation: location)
    if let output { #expect(run.output == output, "\(run.errors)", sourceLocation: location) }
    for word in words {
        #expect((run.output + run.errors).contains(word), "`\(word)` is missing in: \(run.output)\(run.errors)", sourceLocation: location)
    }
}
