/// Makes an answer a text of a grammar, and a whole one: when the tokens that are left are as many as a shortest end takes, only what
/// leads there is allowed.
///
/// Such a token there always is. Either as many tokens are left as symbols, and each byte has a token. Or the state has a plan, a shortest
/// end in tokens that there are enough left for; a plan goes from state to state, so that its first token leads to a state whose plan is the rest.
struct GrammarMask: TokenMask {
    private var tables: GrammarTables
    private let tokenizer: Tokenizer
    private let stopTokens: [Int32]
    /// nil: a token came that was not allowed.
    private var state: GrammarStates.StateID?
    private var remaining: Int

    /// - Parameters:
    ///   - budget: the tokens that the answer may have.
    ///   - stopTokens: allowed where the text is whole and could go on.
    init(_ tables: GrammarTables, tokenizer: Tokenizer, stopTokens: Set<Int32>, budget: Int) {
        self.tables = tables
        self.tokenizer = tokenizer
        self.stopTokens = stopTokens.filter { Int($0) < tables.vocabulary.capacity }
        remaining = budget
        state = tables.start
    }

    /// The fewest tokens of an answer that is whole.
    var fewestTokens: Int? { state.flatMap { tables.plan(from: $0)?.count } }

    var isComplete: Bool { state.map(tables.isAtEnd) ?? false }

    func allowedTokens() -> TokenSet? {
        guard let state else { return TokenSet(capacity: 0) }
        var allowed = tables.allowed(state, limit: remaining - 1)
        if tables.isAccepting(state), !allowed.isEmpty { for token in stopTokens { allowed.insert(token) } }
        return allowed
    }

    mutating func advance(by token: Int32) {
        guard let state else { return }
        remaining -= 1
        self.state = tables.state(after: state, token: token, bytes: tokenizer.bytes(of: token))
        if let current = self.state, let (tables, adopted) = tables.successor(of: current, limit: remaining) {
            self.tables = tables
            self.state = adopted
        }
    }
}
