import JSON

/// The beginning of a Hermes call, up to the brace that opens its arguments.
enum HermesHead {
    enum Reading {
        case unfinished
        /// No object with a quoted name begins here: prose.
        case notACall
        /// An object, but not of the usual order.
        case other(objectStart: Int)
        case found(name: String, argumentsStart: Int)
    }

    static func read(_ bytes: [UInt8]) -> Reading {
        var scan = Scan(bytes: bytes)
        scan.skipFence()
        scan.skipSpace()
        let start = scan.position
        scan.expect("{")
        var key = scan.string()
        if scan.isOther { return .notACall }
        if key == "type" {
            scan.expect(":")
            let type = scan.string()
            scan.expect(",")
            key = type == "function" || type == nil ? scan.string() : nil
            if scan.isOther { return .other(objectStart: start) }
        }
        if scan.isUnfinished { return .unfinished }
        guard key == "name" else { return .other(objectStart: start) }
        scan.expect(":")
        let name = scan.string()
        scan.expect(",")
        let second = scan.string()
        scan.expect(":")
        if !scan.isOther { scan.skipSpace() }
        if scan.isUnfinished { return .unfinished }
        guard !scan.isOther, let name, second == "arguments" || second == "parameters", bytes[scan.position] == UInt8(ascii: "{") else {
            return .other(objectStart: start)
        }
        return .found(name: name, argumentsStart: scan.position)
    }

    private struct Scan {
        let bytes: [UInt8]
        var position = 0
        var isUnfinished = false
        var isOther = false

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func skipSpace() {
            while position < bytes.count, MarkerScan.isSpace(bytes[position]) { position += 1 }
            if position == bytes.count { isUnfinished = true }
        }

        mutating func expect(_ text: StaticString) {
            guard !isOther, !isUnfinished else { return }
            skipSpace()
            for index in 0..<text.utf8CodeUnitCount {
                guard position < bytes.count else { return isUnfinished = true }
                guard bytes[position] == text.utf8Start[index] else { return isOther = true }
                position += 1
            }
        }

        mutating func string() -> String? {
            guard !isOther, !isUnfinished else { return nil }
            skipSpace()
            guard !isUnfinished else { return nil }
            let start = position
            guard bytes[start] == UInt8(ascii: "\"") else {
                isOther = true
                return nil
            }
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
            guard position < bytes.count else {
                isUnfinished = true
                return nil
            }
            position += 1
            let text = (try? JSON(parsing: Array(bytes[start..<position])))?.stringValue
            if text == nil { isOther = true }
            return text
        }

        /// ```` ```json ```` before the object.
        mutating func skipFence() {
            skipSpace()
            guard !isUnfinished, bytes[position] == UInt8(ascii: "`") else { return }
            expect("```")
            guard !isOther, !isUnfinished else { return }
            guard let lineEnd = bytes[position...].firstIndex(of: 0x0A) else { return isUnfinished = true }
            position = lineEnd + 1
        }
    }
}
