import JSON

/// The tokens that are put around a text on request (`post_processor` of tokenizer.json), such as Llama's begin of text.
struct PostProcessor: Sendable {
    private(set) var prefix: [Int32] = []
    private(set) var suffix: [Int32] = []

    init(_ json: JSON?) throws(RuntimeError) { try read(json) }

    private mutating func read(_ json: JSON?) throws(RuntimeError) {
        guard let json, !json.isNull else { return }
        let type = json["type"]?.stringValue ?? "without a type"
        switch type {
        case "ByteLevel": break
        case "Sequence":
            for element in json["processors"]?.arrayValue ?? [] { try read(element) }
        case "TemplateProcessing": try readTemplate(json)
        default: throw TokenizerFile.unsupported("post-processor `\(type)`", supported: "ByteLevel, TemplateProcessing, Sequence")
        }
    }

    private mutating func readTemplate(_ json: JSON) throws(RuntimeError) {
        var isBeforeText = true
        for element in json["single"]?.arrayValue ?? [] {
            if element["Sequence"] != nil {
                isBeforeText = false
                continue
            }
            guard let name = element["SpecialToken"]?["id"]?.stringValue,
                let ids = json["special_tokens"]?[name]?["ids"]?.arrayValue?.map({ $0.intValue.flatMap { Int32(exactly: $0) } })
            else { throw RuntimeError("the tokenizer's post-processor is malformed: \(element.text.prefix(120))") }
            for id in ids {
                guard let id else { throw RuntimeError("the tokenizer's post-processor has an id that is no number: `\(name)`") }
                if isBeforeText { prefix.append(id) } else { suffix.append(id) }
            }
        }
    }
}
