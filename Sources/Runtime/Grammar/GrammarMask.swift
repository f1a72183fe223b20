/// Makes an answer a text of a grammar, and a whole one: when the tokens that are left are as many as a shortest end takes, only what
/// leads there is allowed.
struct GrammarMask: TokenMask {
    private var tables: GrammarTables
    private let tokenizer: Tokenizer
    private let stopTokens: [Int32]
    /// nil: a token came that was not allowed.
    private var state: GrammarStates.StateID?
    private var remaining: Int
    /// The rest of a way to the end that was taken up.
    private var plan: ArraySlice<Int32>?

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
        // A token of the plan keeps to it, whatever plan there is from where it leads.
        if let next = way(from: state)?.first { allowed.insert(next) }
        return allowed
    }

    private func way(from state: GrammarStates.StateID) -> ArraySlice<Int32>? {
        let fresh = tables.knownPlan(from: state)?[...]
        guard let plan else { return fresh.flatMap { $0.count <= remaining ? $0 : nil } }
        return fresh.map { $0.count < plan.count ? $0 : plan } ?? plan
    }

    mutating func advance(by token: Int32) {
        guard let state else { return }
        let way = way(from: state)
        plan = way?.first == token ? way?.dropFirst() : nil
        remaining -= 1
        self.state = tables.state(after: state, token: token, bytes: tokenizer.bytes(of: token))
        if let current = self.state, let (tables, adopted) = tables.successor(of: current) {
            self.tables = tables
            self.state = adopted
        }
    }
}
