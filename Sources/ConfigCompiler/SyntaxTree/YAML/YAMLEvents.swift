import CLibYAML
import Diagnostics

/// libyaml's events with byte ranges.
///
/// The event interface neither expands aliases nor keeps anything, so its cost follows the text. The bytes must outlive it.
struct YAMLEvents: ~Copyable {
    enum Kind: Equatable {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(text: String, tag: String?, anchor: String?, style: SyntaxNode.Style)
        case sequenceStart(tag: String?, anchor: String?)
        case mappingStart(tag: String?, anchor: String?)
        case sequenceEnd, mappingEnd
    }

    struct Event {
        var kind: Kind
        var range: Range<Int>
    }

    /// libyaml's own words, to be translated.
    struct Failure: Error {
        var problem: String
        var offset: Int
        var context: String
        var contextOffset: Int?
        /// Whether brackets or braces are open there.
        var isInBrackets = false
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let index: CodePointIndex
    /// The length of a byte order mark, which libyaml's marks do not count.
    private let base: Int
    private let count: Int
    /// The text with a line break at its end, where libyaml would lose what the last line says.
    private let ended: UnsafeMutableBufferPointer<UInt8>?

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        base = BytePrecheck.hasByteOrderMark(bytes) ? 3 : 0
        count = bytes.count
        let text = UnsafeBufferPointer(rebasing: bytes[base...])
        index = CodePointIndex(text)
        parser = .allocate(capacity: 1)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        if Self.endsInSpaces(text) {
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count + 1)
            _ = copy.initialize(from: text)
            copy.initializeElement(at: text.count, to: 0x0A)
            yaml_parser_set_input_string(parser, copy.baseAddress, copy.count)
            ended = copy
        } else {
            yaml_parser_set_input_string(parser, text.baseAddress, text.count)
            ended = nil
        }
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        ended?.deallocate()
    }

    /// In a block text, a last line of spaces counts even without a line break after it.
    static func endsInSpaces(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.last == 0x20, let end = text.lastIndex(where: { $0 != 0x20 }) else { return false }
        return text[end] == 0x0A || text[end] == 0x0D
    }

    private func offset(_ mark: yaml_mark_t) -> Int { min(count, base + index.offset(of: Int(mark.index))) }

    mutating func next() throws(Failure) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) != 0 else { throw failure() }
        defer { yaml_event_delete(&event) }
        let start = offset(event.start_mark)
        return Event(kind: kind(event), range: start..<max(start, offset(event.end_mark)))
    }

    private func kind(_ event: yaml_event_t) -> Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let style: SyntaxNode.Style =
                switch scalar.style {
                case YAML_PLAIN_SCALAR_STYLE: .plain
                case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
                default: .quoted
                }
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(text: String(decoding: bytes, as: UTF8.self), tag: text(scalar.tag), anchor: text(scalar.anchor), style: style)
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(tag: text(event.data.sequence_start.tag), anchor: text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart(tag: text(event.data.mapping_start.tag), anchor: text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }

    private func failure() -> Failure {
        let parser = self.parser.pointee
        let problem = parser.problem.map { String(cString: $0) } ?? "the text cannot be read"
        if parser.error == YAML_READER_ERROR || parser.error == YAML_MEMORY_ERROR {
            // The reader gives a byte offset, without a mark.
            return Failure(problem: problem, offset: min(count, base + Int(parser.problem_offset)), context: "", contextOffset: nil)
        }
        return Failure(
            problem: problem, offset: min(count, offset(parser.problem_mark)), context: parser.context.map { String(cString: $0) } ?? "",
            contextOffset: parser.context.map { _ in min(count, offset(parser.context_mark)) }, isInBrackets: parser.flow_level > 0)
    }
}
