import JSON

/// The body of a server's answer as the inputs of a `MessageStream`: bytes in, in any split.
///
/// A server may stream though it was not asked to, and not stream though it was; what it calls its answer is not always what it is.
/// So the first byte decides: events of a stream begin with a field's name or a colon, JSON does not.
public struct AnswerBody: Sendable {
    private enum Form {
        case unknown
        case events(SSEParser)
        case whole([UInt8])
    }
    private var form = Form.unknown
    /// The server has named its answer: what follows may be read for its pieces alone.
    private var isNamed = false
    /// A whole answer may be this long; more is an error, never memory.
    private static let maximumBytes = 32 << 20

    public init() {}

    /// Nothing has come yet.
    public var isEmpty: Bool { if case .unknown = form { true } else { false } }

    public mutating func feed(_ bytes: [UInt8]) -> [MessageStream.Input] { bytes.withUnsafeBytes { feed($0) } }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [MessageStream.Input] {
        if case .unknown = form {
            guard let first = bytes.firstIndex(where: { !MarkerScan.isSpace($0) }) else { return [] }
            form = Self.beginsEvent(bytes[first]) ? .events(SSEParser()) : .whole([])
        }
        switch form {
        case .unknown: return []
        case .events(var parser):
            // The parser alone holds its bytes while it reads: they grow in place.
            form = .unknown
            defer { form = .events(parser) }
            do {
                return try parser.feed(bytes).map { input($0) }
            } catch {
                return [.failure(AnthropicError(.api, error.message))]
            }
        case .whole(var body):
            form = .unknown
            body.append(contentsOf: bytes)
            defer { form = .whole(body) }
            guard body.count > Self.maximumBytes else { return [] }
            body = []
            return [.failure(AnthropicError(.api, "the answer is longer than \(Self.maximumBytes) bytes", shouldRetry: false))]
        }
    }

    /// The body has ended.
    public mutating func finish() -> [MessageStream.Input] {
        switch form {
        case .unknown: return [.end]
        case .events(var parser):
            do {
                return try (parser.finish().map { [input($0)] } ?? []) + [.end]
            } catch {
                return [.failure(AnthropicError(.api, error.message))]
            }
        case .whole(let body):
            do {
                return [.chunk(try JSON(parsing: body)), .end]
            } catch {
                let begin = String(decoding: body.prefix(200), as: UTF8.self)
                return [.failure(AnthropicError(.api, "the model's server answered with neither events nor JSON: \(begin)"))]
            }
        }
    }

    /// `data`, `event`, `id`, `retry`, a comment, or the mark of the byte order.
    private static func beginsEvent(_ byte: UInt8) -> Bool { [0x3A, 0x64, 0x65, 0x69, 0x72, 0xEF].contains(byte) }

    private mutating func input(_ event: ServerSentEvent) -> MessageStream.Input {
        if isNamed, let piece = PlainChunk(event.data) { return .piece(piece) }
        if event.data.elementsEqual(OpenAI.streamEnd.utf8) { return .end }
        do {
            let json = try JSON(parsing: event.data)
            isNamed = isNamed || json["id"]?.stringValue?.isEmpty == false
            guard event.name == "error", json["error"] == nil else { return .chunk(json) }
            return .chunk(["error": json])
        } catch {
            if event.name == "error" { return .failure(AnthropicError(.api, String(decoding: event.data.prefix(400), as: UTF8.self))) }
            return .failure(AnthropicError(.api, "the model's server sent a chunk that is not JSON: \(error)"))
        }
    }
}
