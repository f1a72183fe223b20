import JSON
import Messages

/// Requests that a real client sent, as a test recorded them: JSON lines, each a request's body, or an object with `headers` (names in
/// lower case) and `body`.
public struct Recording: Sendable {
    /// The bodies of each conversation, in the order in which they came. Calls beside conversations, which offer no tools, are left out.
    public private(set) var conversations: [[JSON]] = []

    /// - Throws: the line and place of what is not JSON.
    public init(_ lines: String) throws {
        var places: [Key: Int] = [:]
        for (index, line) in lines.split(separator: "\n").enumerated() where line.contains(where: { !$0.isWhitespace }) {
            let json: JSON
            do { json = try JSON(parsing: String(line)) } catch { throw RecordingError(line: index + 1, reason: "\(error)") }
            let body = json["body"] ?? json
            guard let tools = body["tools"]?.arrayValue, !tools.isEmpty else { continue }
            let key = Key(body, headers: json["headers"])
            if let place = places[key] {
                conversations[place].append(body)
            } else {
                places[key] = conversations.count
                conversations.append([body])
            }
        }
    }

    /// - Returns: each broken promise, and how many pairs of requests were compared.
    public func report(_ stability: PrefixStability) throws -> PrefixStability.Report {
        var all = PrefixStability.Report()
        for conversation in conversations {
            let report = try stability.report(conversation)
            all.checked += report.checked
            all.breaks += report.breaks
        }
        return all
    }

    /// Who speaks: the session and agent that the client names, and what it is told to be.
    private struct Key: Hashable {
        var session: String
        var agent: String
        var system: String

        init(_ body: JSON, headers: JSON?) {
            let user = body["metadata"]?["user_id"]?.stringValue.flatMap { try? JSON(parsing: $0) }
            session = headers?["x-claude-code-session-id"]?.stringValue ?? user?["session_id"]?.stringValue ?? ""
            agent = headers?["x-claude-code-agent-id"]?.stringValue ?? ""
            system = body["system"]?.text ?? ""
        }
    }
}

public struct RecordingError: Error, CustomStringConvertible {
    public var line: Int
    public var reason: String
    public var description: String { "line \(line) of the recording is not JSON: \(reason)" }
}
