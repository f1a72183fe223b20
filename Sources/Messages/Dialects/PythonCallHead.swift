/// The beginning of a call in Python, `name(`, with what shows that its arguments have names.
enum PythonCallHead {
    enum Reading {
        case unfinished
        case notACall
        case found(name: String, argumentsStart: Int)
    }

    private static let longest = 1024

    static func read(_ bytes: [UInt8]) -> Reading {
        let head = bytes.prefix(longest)
        let open: Reading = bytes.count < longest ? .unfinished : .notACall
        guard let start = head.firstIndex(where: { !MarkerScan.isSpace($0) }) else { return open }
        guard isNameByte(head[start], first: true) else { return .notACall }
        guard let end = head[start...].firstIndex(where: { !isNameByte($0, first: false) }) else { return open }
        guard head[end] == UInt8(ascii: "(") else { return .notACall }
        let found = Reading.found(name: String(decoding: head[start..<end], as: UTF8.self), argumentsStart: end + 1)
        guard let key = head[(end + 1)...].firstIndex(where: { !MarkerScan.isSpace($0) }) else { return open }
        if head[key] == UInt8(ascii: ")") { return found }
        guard isNameByte(head[key], first: true) else { return .notACall }
        guard let keyEnd = head[key...].firstIndex(where: { !isNameByte($0, first: false) }),
            let sign = head[keyEnd...].firstIndex(where: { !MarkerScan.isSpace($0) })
        else { return open }
        guard head[sign] == UInt8(ascii: "=") else { return .notACall }
        guard sign + 1 < head.endIndex else { return open }
        return head[sign + 1] == UInt8(ascii: "=") ? .notACall : found
    }

    /// Of a tool's name, which may have a dash or a dot where Python's have none.
    private static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...: true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"): !first
        default: false
        }
    }
}
