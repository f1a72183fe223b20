import Foundation

/// Where the real parts are that the integration tests run.
enum TestEnvironment {
    /// The repository.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The folder of the four programs.
    static let programs: String? = {
        let named = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_BIN"]
        let candidates = [named, "\(root)/.build/release", "\(root)/.build/debug"].compactMap { $0 }
        return candidates.first { folder in
            ["anyclaude", "anyclaude-supervisor", "anyclaude-proxy", "anyclaude-runtime"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
            }
        }
    }()

    /// The folder of the CLI, which the tests of commands need alone.
    static let commandFolder: String? = {
        let named = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_BIN"]
        return [named, "\(root)/.build/release", "\(root)/.build/debug"].compactMap { $0 }.first {
            FileManager.default.isExecutableFile(atPath: "\($0)/anyclaude")
        }
    }()

    /// A Python with the pinned packages of requirements.txt.
    static let python: String? = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_PYTHON"]

    static let demoModel = "\(root)/examples/models/demo"
    static let hasPrograms = programs != nil
    static let needsPrograms = "the four programs are not built (ANYCLAUDE_TEST_BIN, or `make build`)"
}
