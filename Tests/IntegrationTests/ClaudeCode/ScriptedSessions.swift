import Foundation
import JSON

/// Sessions with a model that does what their prompts say; its server writes down in `record`, in their folder, what it is sent.
protocol ScriptedSessions: ClientSessions {}

extension ScriptedSessions {
    /// A prompt that makes the model take these steps, one an answer.
    static func prompt(_ name: String, _ steps: [JSON]) -> String { "SCRIPT \(name) \(JSON.array(steps).text)" }

    /// What the server was sent so far, in its order.
    func requests(_ script: String) throws -> [UpstreamRequest] { try conversations()[script] ?? [] }

    /// The same by their scripts.
    func conversations() throws -> [String: [UpstreamRequest]] {
        let requests = try record().filter { $0["event"] == "request" }
        return Dictionary(grouping: requests) { $0["script"]?.stringValue ?? "" }.mapValues { $0.map(UpstreamRequest.init) }
    }

    /// The requests whose clients left before their answers were whole.
    func left() throws -> Set<Int> { Set(try record().filter { $0["event"] == "left" }.compactMap { $0["id"]?.intValue }) }

    private func record() throws -> [JSON] {
        let text = (try? String(contentsOfFile: "\(folder)/record", encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}

/// A request as the model's server got it.
struct UpstreamRequest {
    var id: Int
    var step: Int
    var attempt: Int
    /// Seconds since 1970.
    var time: Double
    var body: JSON

    init(_ line: JSON) {
        id = line["id"]?.intValue ?? 0
        step = line["step"]?.intValue ?? 0
        attempt = line["try"]?.intValue ?? 0
        time = line["time"]?.doubleValue ?? 0
        body = line["body"] ?? .null
    }

    var messages: [JSON] { body["messages"]?.arrayValue ?? [] }

    var toolNames: [String] { (body["tools"]?.arrayValue ?? []).compactMap { $0["function"]?["name"]?.stringValue } }

    /// The texts of the messages of a role.
    func texts(_ role: String) -> [String] {
        messages.filter { $0["role"]?.stringValue == role }.map { message in
            message["content"]?.stringValue ?? (message["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined(separator: "\n")
        }
    }
}
