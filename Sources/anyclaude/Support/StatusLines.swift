import Control

/// Which of the things that a service says of itself are worth a line each, where lines stay: all that are new, and of a per cent that rises
/// its first and each quarter.
struct StatusLines {
    private struct Told: Equatable {
        /// The text without its number.
        var text: String
        var quarter: Int
        var state: ServiceState?
    }

    private static let step = 25
    private var told: [String: Told] = [:]

    mutating func isWorthALine(_ message: String, of service: String, in state: ServiceState?) -> Bool {
        guard let (percent, text) = Self.percent(in: message) else {
            told[service] = nil
            return true
        }
        let new = Told(text: text, quarter: percent / Self.step, state: state)
        guard told[service] != new else { return false }
        told[service] = new
        return true
    }

    /// The last whole number before a per cent sign, and what is around it.
    static func percent(in message: String) -> (percent: Int, text: String)? {
        guard let sign = message.lastIndex(of: "%") else { return nil }
        let before = message[..<sign]
        let end = before.last == " " ? before.index(before: before.endIndex) : before.endIndex
        let digits = before[..<end].reversed().prefix { $0.isASCII && $0.isNumber }
        guard let percent = Int(String(digits.reversed())), percent <= 100 else { return nil }
        return (percent, String(before[..<before.index(end, offsetBy: -digits.count)]) + message[sign...])
    }
}
