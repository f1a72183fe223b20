import Control
import JSON

/// A request to the control socket, checked.
enum ControlRoute: Sendable {
    case status, plan, history, events, attach
    case logs(service: String?, lines: Int, follow: Bool)
    case preflight(ApplyRequest)
    case apply(ApplyRequest)
    case rollback(RollbackRequest)
    case down(DownRequest)
    case restart(RestartRequest)
    case gc(GCRequest)

    struct Rejection: Error, Equatable {
        var status: Int
        var error: ControlError
    }

    static let defaultLines = 100

    /// - Parameter target: path and query.
    static func parse(method: String, target: String, body: [UInt8]) throws(Rejection) -> ControlRoute {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "")
        let query = Self.query(parts.count > 1 ? parts[1] : "")
        switch (method, path) {
        case ("GET", ControlAPI.status): return .status
        case ("GET", ControlAPI.plan): return .plan
        case ("GET", ControlAPI.history): return .history
        case ("GET", ControlAPI.events): return .events
        case ("GET", ControlAPI.attach): return .attach
        case ("GET", ControlAPI.logs): return try logs(query)
        case ("POST", ControlAPI.preflight): return .preflight(try decode(body))
        case ("POST", ControlAPI.apply): return .apply(try decode(body))
        case ("POST", ControlAPI.rollback): return .rollback(try decode(body))
        case ("POST", ControlAPI.down): return .down(try decode(body))
        case ("POST", ControlAPI.restart): return .restart(try decode(body))
        case ("POST", ControlAPI.gc): return .gc(try decode(body))
        case (_, ControlAPI.status), (_, ControlAPI.plan), (_, ControlAPI.history), (_, ControlAPI.events), (_, ControlAPI.attach),
            (_, ControlAPI.logs), (_, ControlAPI.preflight),
            (_, ControlAPI.apply), (_, ControlAPI.rollback), (_, ControlAPI.down), (_, ControlAPI.restart), (_, ControlAPI.gc):
            throw rejection(405, "\(method) is not a method of \(path)")
        default: throw rejection(404, "there is no \(path)", hint: "the routes begin with /v1/; is the client of another version?")
        }
    }

    private static func logs(_ query: [String: String]) throws(Rejection) -> ControlRoute {
        let lines: Int
        if let text = query["lines"] {
            guard let number = Int(text), number >= 0 else { throw rejection(400, "lines must be a number: \(text)") }
            lines = number
        } else {
            lines = defaultLines
        }
        let follow = query["follow"].map { ["true", "1", "yes", ""].contains($0) } ?? false
        return .logs(service: query["service"].flatMap { $0.isEmpty ? nil : $0 }, lines: lines, follow: follow)
    }

    private static func decode<T: Decodable>(_ body: [UInt8]) throws(Rejection) -> T {
        do {
            return try JSON(parsing: body).decode(T.self)
        } catch {
            throw rejection(400, "the body is not what it should be: \(error)")
        }
    }

    static func rejection(_ status: Int, _ message: String, hint: String? = nil) -> Rejection {
        Rejection(status: status, error: ControlError(message: message, hint: hint, exitCode: 64))
    }

    /// Names and values of `application/x-www-form-urlencoded`.
    private static func query(_ text: Substring) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[decodePercent(parts[0])] = parts.count > 1 ? decodePercent(parts[1]) : ""
        }
        return values
    }

    static func decodePercent(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
