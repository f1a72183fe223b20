import Control
import HTTPTypes
import Hummingbird
import Messages

/// The clients' token.
enum Access {
    private static let names = [ClientEnvironment.tokenHeader, "x-api-key", "authorization"].compactMap { HTTPField.Name($0) }

    /// All that a request presents.
    static func credentials(_ headers: HTTPFields) -> [String] {
        names.flatMap { name in headers[values: name].compactMap { credential(name.canonicalName, $0) } }
    }

    /// What a header presents: SDKs differ in which one they use, and clients whose credentials are meant for the API behind the proxy
    /// have a header of ours.
    static func credential(_ name: String, _ value: String) -> String? {
        switch name {
        case ClientEnvironment.tokenHeader, "x-api-key": value
        case "authorization" where value.lowercased().hasPrefix("bearer "): String(value.dropFirst(7))
        default: nil
        }
    }

    static func check(_ request: Request, token: String) throws(AnthropicError) {
        let presented = credentials(request.headers)
        // All of them are compared, each in the same time whatever it holds.
        let matches = presented.map { isEqual(Array($0.utf8), Array(token.utf8)) }
        guard matches.contains(true) else {
            let needed = "a token is needed: send it as \(ClientEnvironment.tokenHeader), x-api-key or Authorization: Bearer"
            throw AnthropicError(.authentication, presented.isEmpty ? needed : "the token is wrong", shouldRetry: false)
        }
    }

    /// The time depends on the lengths alone.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = UInt8(left.count == right.count ? 0 : 1)
        for index in left.indices { difference |= left[index] ^ (right.isEmpty ? 1 : right[index % right.count]) }
        return difference == 0
    }
}
