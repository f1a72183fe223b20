/// Ids in the forms of the Anthropic API: a prefix and 24 random characters.
enum Identifiers {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func message() -> String { random("msg_") }
    static func chat() -> String { random("chatcmpl-") }
    static func request() -> String { random("req_") }

    private static func random(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        var text = Array(prefix.utf8)
        text.reserveCapacity(text.count + 24)
        // Each word is a system call, and holds eight characters: the part that does not divide evenly is one in 84,000.
        for _ in 0..<3 {
            var word = generator.next()
            for _ in 0..<8 {
                text.append(alphabet[Int(word % 62)])
                word /= 62
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
