import JSON

/// An answer's `reasoning_details` on their way into the signatures of its thinking blocks.
struct CarriedReasoning: Sendable {
    /// More than any answer's reasoning has. Of what would be longer nothing is sent back, as half of a sequence is refused.
    static let maximumBytes = 1 << 20
    private let isKept: Bool
    /// Thinking is shown to the client, so that a block of it surprises nobody.
    private let isShown: Bool
    private var waiting = ReasoningDetails()
    private var bytes = 0
    private var isCut = false
    private var hasTold = false
    private var cutIsTold = false
    /// What the details are said to belong to; with some models it is a call.
    private var ids: Set<String> = []
    /// The server's ids of the calls that were begun, and which of these were told.
    private var calls: [Int: String] = [:]
    private var callCount = 0
    private var toldCalls: Set<Int> = []

    init(isKept: Bool, isShown: Bool) {
        self.isKept = isKept
        self.isShown = isShown
    }

    mutating func add(_ pieces: [JSON]) {
        guard isKept, !isCut else { return }
        for piece in pieces {
            for member in piece.objectValue?.members ?? [] { bytes += member.key.utf8.count + (member.value.stringValue?.utf8.count ?? 8) }
            if let id = piece["id"]?.stringValue { ids.insert(id) }
            waiting.add(piece)
        }
        guard bytes > Self.maximumBytes else { return }
        isCut = true
        waiting = ReasoningDetails()
    }

    /// The next call begins; details may name it by the server's id.
    mutating func begin(call id: String?) {
        if isKept, let id { calls[callCount] = id }
        callCount += 1
    }

    /// There is something that no block has carried yet and that one has to.
    func isWaiting(beforeCall: Bool) -> Bool {
        let next = next
        guard isKept, !next.isEmpty else { return false }
        // A client that wants no thinking is sent a block of it only for what the calls may need, and then all of it.
        return isShown || beforeCall && (hasTold || waiting.hasSecrets || !next.calls.isEmpty)
    }

    /// What the signature of the block that ends carries.
    mutating func take() -> ReasoningSignature {
        let taken = next
        waiting = ReasoningDetails()
        toldCalls.formUnion(taken.calls.keys)
        hasTold = hasTold || !taken.isEmpty
        cutIsTold = cutIsTold || taken.isCut
        return taken
    }

    private var next: ReasoningSignature {
        var next = ReasoningSignature()
        guard isKept else { return next }
        next.isCut = isCut && hasTold && !cutIsTold
        guard !isCut else { return next }
        next.details = waiting.all
        next.calls = calls.filter { ids.contains($0.value) && !toldCalls.contains($0.key) }
        return next
    }
}
