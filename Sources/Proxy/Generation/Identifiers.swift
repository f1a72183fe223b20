/// Ids in the forms of the Anthropic API: a prefix and 24 random characters.
enum Identifiers {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func message() -> String { random("msg_") }
    static func chat() -> String { random("chatcmpl-") }
    static func request() -> String { random("req_") }

    private static func random(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<24).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return prefix + String(decoding: characters, as: UTF8.self)
    }
}
