import Locking
import Messages

/// The grammars of a model's answers, kept: a client sends the same tools with every request.
final class AnswerGrammars: Sendable {
    private let tokenizer: Tokenizer
    private let dialect: (any ToolCallDialect)?
    private let notation: CallNotation?
    private let vocabulary: VocabularyTrie
    private let markers: Set<String>
    private let kept = Mutex<[Kept]>([])

    /// One grammar's tables may take some tens of megabytes.
    private static let most = 4

    private struct Kept {
        var key: String
        var dropped: [String]
        var tables: GrammarTables
    }

    init(_ tokenizer: Tokenizer, dialect: (any ToolCallDialect)?, capacity: Int) {
        self.tokenizer = tokenizer
        self.dialect = dialect
        notation = dialect.flatMap(CallNotation.init)
        vocabulary = VocabularyTrie(tokenizer, capacity: capacity)
        markers = Set((dialect?.markers ?? []) + ["<think>", "</think>"]).intersection(vocabulary.markers.keys)
    }

    /// Whether calls of the model's dialect can be written by a grammar.
    var writesCalls: Bool { notation != nil }

    /// A mask for an answer of `form` in at most `budget` tokens, and the keywords of its schemas that it leaves out.
    func mask(_ form: AnswerForm, stopTokens: Set<Int32>, budget: Int) throws(GrammarError) -> (mask: GrammarMask, dropped: [String]) {
        guard vocabulary.isComplete else { throw GrammarError("the model's tokenizer has no token for some bytes", at: "") }
        let key = form.key
        var found = take(key)
        if found == nil || found?.tables.isTooLarge == true {
            let answer = try AnswerGrammar(form, dialect: dialect, notation: notation, markers: markers)
            found = Kept(key: key, dropped: answer.dropped, tables: GrammarTables(answer.grammar, vocabulary))
        }
        guard let found else { throw GrammarError("there is no grammar", at: "") }
        kept.withLock { kept in
            kept.removeAll { $0.key == key }
            kept.append(found)
            if kept.count > Self.most { kept.removeFirst() }
        }
        return (GrammarMask(found.tables, tokenizer: tokenizer, stopTokens: stopTokens, budget: budget), found.dropped)
    }

    private func take(_ key: String) -> Kept? { kept.withLock { kept in kept.first { $0.key == key } } }
}
