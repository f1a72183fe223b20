import Messages

/// What is counted of an answer of a model's server when it is over.
struct AnswerFigures: Sendable {
    var firstWord: Duration?
    var duration: Duration?
    /// In US dollars, by a server that bills.
    var cost: Double?
    /// The server told it to its end.
    var isComplete: Bool
    /// As the server counted it; nil where it did not.
    var usage: MessageUsage?
    /// The server counts the prompt tokens that it found in its cache.
    var reportsCache: Bool
}

extension AnswerFigures {
    init(_ generation: Generation) {
        self.init(
            firstWord: generation.firstWord, duration: generation.end.map { $0 - generation.begin }, cost: generation.cost,
            isComplete: generation.isComplete, usage: generation.isCounted ? generation.message.usage : nil,
            reportsCache: generation.reportsCache)
    }
}
