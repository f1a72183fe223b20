/// The rules that a request follows, by its header `anthropic-version`.
///
/// Source: facts on the API, section 0, finding 1. Versions of 2026-10-21 and later take sampling from nobody but the server.
public enum APIVersion: Sendable, Equatable {
    case of2023
    case of2026

    /// What clients without the header, and the client itself, mean is the older version: what it forbids, the newer one forbids too.
    ///
    /// - Parameter header: a date, `YYYY-MM-DD`; what is none is the older version.
    public init(header: String?) {
        guard let header, Self.isDate(header) else {
            self = .of2023
            return
        }
        self = header >= "2026-10-21" ? .of2026 : .of2023
    }

    private static func isDate(_ text: String) -> Bool {
        text.utf8.count == 10
            && text.utf8.enumerated().allSatisfy { index, byte in
                index == 4 || index == 7 ? byte == UInt8(ascii: "-") : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
