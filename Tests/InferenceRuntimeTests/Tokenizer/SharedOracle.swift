import JSON

@testable import InferenceRuntime

/// Outputs of the reference implementations, where this machine has them.
enum SharedOracle {
    static let directory: String? = {
        guard let shared = ProcessEnvironment.value("ANYCLAUDE_SHARED") else { return nil }
        return shared + "/data/runtime-oracle"
    }()
    static let isThere = directory != nil

    static func lines(_ name: String) throws -> [JSON] {
        guard let text = try ModelFile.text((directory ?? "") + "/" + name) else { return [] }
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    static func ids(_ json: JSON?) -> [Int32] { (json?.arrayValue ?? []).compactMap { $0.intValue.map(Int32.init) } }
}
