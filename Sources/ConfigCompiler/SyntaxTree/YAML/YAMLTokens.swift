import CLibYAML

/// libyaml's tokens with byte ranges: what events do not tell, the places of the indicators.
///
/// For texts that the composer has read without a fault; limits are not checked again.
enum YAMLTokens {
    enum Kind: Equatable {
        case directive, documentStart, documentEnd
        case blockSequenceStart, blockMappingStart, blockEnd
        case flowSequenceStart, flowSequenceEnd, flowMappingStart, flowMappingEnd
        /// `-` and `,`.
        case blockEntry, flowEntry
        /// `?`, or of no width before a key that needs none.
        case key
        /// `:`.
        case value
        case alias, anchor, tag
        case scalar(SyntaxNode.Style)
        case end
    }

    struct Token {
        var kind: Kind
        var range: Range<Int>
    }

    /// All tokens of a text without a byte order mark; the last one is the end. Nil where libyaml cannot read it.
    static func all(in text: UnsafeBufferPointer<UInt8>) -> [Token]? {
        let index = CodePointIndex(text)
        // The parser keeps its own address.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        yaml_parser_initialize(parser)
        defer {
            yaml_parser_delete(parser)
            parser.deallocate()
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
        var result: [Token] = []
        while true {
            var token = yaml_token_t()
            guard yaml_parser_scan(parser, &token) != 0 else { return nil }
            defer { yaml_token_delete(&token) }
            let start = index.offset(of: Int(token.start_mark.index))
            let range = start..<max(start, index.offset(of: Int(token.end_mark.index)))
            if let kind = kind(token) { result.append(Token(kind: kind, range: range)) }
            if token.type == YAML_STREAM_END_TOKEN || token.type == YAML_NO_TOKEN { return result }
        }
    }

    private static func kind(_ token: yaml_token_t) -> Kind? {
        switch token.type {
        case YAML_VERSION_DIRECTIVE_TOKEN, YAML_TAG_DIRECTIVE_TOKEN: .directive
        case YAML_DOCUMENT_START_TOKEN: .documentStart
        case YAML_DOCUMENT_END_TOKEN: .documentEnd
        case YAML_BLOCK_SEQUENCE_START_TOKEN: .blockSequenceStart
        case YAML_BLOCK_MAPPING_START_TOKEN: .blockMappingStart
        case YAML_BLOCK_END_TOKEN: .blockEnd
        case YAML_FLOW_SEQUENCE_START_TOKEN: .flowSequenceStart
        case YAML_FLOW_SEQUENCE_END_TOKEN: .flowSequenceEnd
        case YAML_FLOW_MAPPING_START_TOKEN: .flowMappingStart
        case YAML_FLOW_MAPPING_END_TOKEN: .flowMappingEnd
        case YAML_BLOCK_ENTRY_TOKEN: .blockEntry
        case YAML_FLOW_ENTRY_TOKEN: .flowEntry
        case YAML_KEY_TOKEN: .key
        case YAML_VALUE_TOKEN: .value
        case YAML_ALIAS_TOKEN: .alias
        case YAML_ANCHOR_TOKEN: .anchor
        case YAML_TAG_TOKEN: .tag
        case YAML_SCALAR_TOKEN:
            switch token.data.scalar.style {
            case YAML_PLAIN_SCALAR_STYLE: .scalar(.plain)
            case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .scalar(.block)
            default: .scalar(.quoted)
            }
        case YAML_STREAM_END_TOKEN: .end
        default: nil
        }
    }
}
