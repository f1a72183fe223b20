/// How values are written for people, and how people write them.
enum Text {
    /// A span of time: `0.42s`, `12.3s`, `3m05s`, `2h10m`, `5d03h`.
    static func duration(milliseconds: Int) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<10: return "\(seconds).\(pad(milliseconds % 1000 / 10))s"
        case ..<60: return "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<3600: return "\(seconds / 60)m\(pad(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(pad(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(pad(seconds / 3600 % 24))h"
        }
    }

    /// `500ms`, `30s`, `5m`, `1h` or a number of seconds; nil for anything else and for what is beyond a year.
    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int(digits), !digits.isEmpty else { return nil }
        let unit: Int
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1
        case "s", "": unit = 1000
        case "m": unit = 60_000
        case "h": unit = 3_600_000
        default: return nil
        }
        let (result, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || result > 31_536_000_000 ? nil : result
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// `sha256:0123abcd…` as its first twelve digits.
    static func shortID(_ id: String?) -> String {
        guard let id else { return "-" }
        return String((id.split(separator: ":").last ?? "").prefix(12))
    }

    /// One line for a terminal: control characters, which a foreign program may have written, become `·`.
    static func line(_ text: String) -> String { replacingControls(in: text, except: []) }

    /// The same with its line breaks and tabs.
    static func printable(_ text: String) -> String { replacingControls(in: text, except: ["\n", "\t"]) }

    private static func replacingControls(in text: String, except kept: Set<UnicodeScalar>) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) && !kept.contains($0) ? "\u{B7}" : $0 }))
    }

    private static func isControl(_ scalar: UnicodeScalar) -> Bool { scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) }

    /// `text` as one word of a POSIX shell.
    static func shellWord(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
