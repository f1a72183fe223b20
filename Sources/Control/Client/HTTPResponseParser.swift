/// The reader of HTTP/1.1 responses (RFC 9112) as a pure machine: bytes in any portions go in, the head, the body and its end come out.
///
/// Bounded: a head of 64 KiB, lines of chunks of 4 KiB. Bodies are handed on as they come; their bound is the caller's.
public struct HTTPResponseParser {
    public struct Head: Sendable, Equatable {
        public var status: Int
        /// In order, names in lower case.
        public var headers: [(name: String, value: String)]

        public subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

        public static func == (left: Head, right: Head) -> Bool {
            left.status == right.status && left.headers.map { [$0.name, $0.value] } == right.headers.map { [$0.name, $0.value] }
        }
    }

    public enum Output: Sendable, Equatable {
        case head(Head)
        case body([UInt8])
        case end
    }

    private enum State {
        case head
        case counted(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case ended
    }

    static let maximumHead = 64 << 10
    static let maximumLine = 4 << 10
    private var state = State.head
    private var buffer: [UInt8] = []

    public init() {}

    /// - Throws: `malformed` where the bytes are not HTTP; `tooLarge` where a bound is passed.
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(ControlClientError) -> [Output] {
        buffer.append(contentsOf: bytes)
        var outputs: [Output] = []
        while try step(&outputs) {}
        return outputs
    }

    /// The peer closed the connection.
    public mutating func finish() throws(ControlClientError) -> [Output] {
        switch state {
        case .ended: return []
        case .untilClose:
            state = .ended
            return [.end]
        default: throw ControlClientError(.disconnected, "the connection ended before the answer did")
        }
    }

    /// True if it may go on with what is buffered.
    private mutating func step(_ outputs: inout [Output]) throws(ControlClientError) -> Bool {
        switch state {
        case .head:
            guard let lines = try takeHead() else { return false }
            let head = try parse(lines)
            // Informational responses come before the final one.
            guard head.status >= 200 else { return true }
            outputs.append(.head(head))
            try beginBody(head, &outputs)
            return true
        case .counted(let left):
            guard !buffer.isEmpty else { return false }
            let part = take(left)
            outputs.append(.body(part))
            part.count == left ? end(&outputs) : (state = .counted(left - part.count))
            return true
        case .untilClose:
            if !buffer.isEmpty { outputs.append(.body(take(buffer.count))) }
            return false
        case .chunkSize:
            guard let line = try takeLine() else { return false }
            let digits = line.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
            guard let size = Int(digits, radix: 16), size >= 0, !digits.hasPrefix("+") else {
                throw ControlClientError(.malformed, "the answer has a chunk without a size")
            }
            state = size == 0 ? .trailers : .chunk(size)
            return true
        case .chunk(let left):
            guard !buffer.isEmpty else { return false }
            let part = take(left)
            outputs.append(.body(part))
            state = part.count == left ? .chunkEnd : .chunk(left - part.count)
            return true
        case .chunkEnd:
            guard let line = try takeLine() else { return false }
            guard line.isEmpty else { throw ControlClientError(.malformed, "the answer has a chunk longer than its size") }
            state = .chunkSize
            return true
        case .trailers:
            guard let line = try takeLine() else { return false }
            if line.isEmpty { end(&outputs) }
            return true
        case .ended: return false
        }
    }

    private mutating func end(_ outputs: inout [Output]) {
        state = .ended
        outputs.append(.end)
    }

    private mutating func beginBody(_ head: Head, _ outputs: inout [Output]) throws(ControlClientError) {
        if head.status == 204 || head.status == 304 {
            end(&outputs)
        } else if let coding = head["transfer-encoding"] {
            guard coding.lowercased() == "chunked" else {
                throw ControlClientError(.malformed, "the answer has the unknown transfer coding \(coding)")
            }
            state = .chunkSize
        } else if let text = head["content-length"] {
            guard let length = Int(text), length >= 0 else { throw ControlClientError(.malformed, "the answer's length is not a number") }
            length == 0 ? end(&outputs) : (state = .counted(length))
        } else {
            state = .untilClose
        }
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let part = Array(buffer.prefix(count))
        buffer.removeFirst(part.count)
        return part
    }

    private mutating func takeLine() throws(ControlClientError) -> String? {
        guard let end = buffer.firstIndex(of: 0x0A) else {
            guard buffer.count <= Self.maximumLine else { throw ControlClientError(.tooLarge, "the answer has a line without an end") }
            return nil
        }
        var line = take(end + 1).dropLast()
        if line.last == 0x0D { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }

    /// The lines of the head, once its empty line is there.
    private mutating func takeHead() throws(ControlClientError) -> [String]? {
        var start = 0
        var lines: [String] = []
        while let end = buffer[start...].firstIndex(of: 0x0A) {
            var line = buffer[start..<end]
            if line.last == 0x0D { line = line.dropLast() }
            start = end + 1
            if line.isEmpty {
                buffer.removeFirst(start)
                return lines
            }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        guard buffer.count <= Self.maximumHead else {
            throw ControlClientError(.tooLarge, "the answer's head is larger than \(Self.maximumHead) bytes")
        }
        return nil
    }

    private func parse(_ lines: [String]) throws(ControlClientError) -> Head {
        let start = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard start.count >= 2, start[0].hasPrefix("HTTP/1."), start[1].count == 3, let status = Int(start[1]), status >= 100 else {
            throw ControlClientError(.malformed, "the answer is not HTTP")
        }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw ControlClientError(.malformed, "the answer has a header without a name")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((line[..<colon].lowercased(), String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())))
        }
        return Head(status: status, headers: headers)
    }
}
