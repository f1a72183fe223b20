import HTTPTypes
import Hummingbird
import Messages

/// The clients' token.
enum Access {
    /// Either header carries it: SDKs differ.
    static func check(_ request: Request, token: String) throws(AnthropicError) {
        var presented: [String] = []
        if let name = HTTPField.Name("x-api-key"), let key = request.headers[name] { presented.append(key) }
        if let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") { presented.append(String(value.dropFirst(7))) }
        // All of them are compared, each in the same time whatever it holds.
        let matches = presented.map { isEqual(Array($0.utf8), Array(token.utf8)) }
        guard matches.contains(true) else {
            throw AnthropicError(
                .authentication, presented.isEmpty ? "a token is needed: send it as x-api-key or as Authorization: Bearer" : "the token is wrong",
                shouldRetry: false)
        }
    }

    /// The time depends on the lengths alone.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = UInt8(left.count == right.count ? 0 : 1)
        for index in left.indices { difference |= left[index] ^ (right.isEmpty ? 1 : right[index % right.count]) }
        return difference == 0
    }
}
