/// Whether the services of a plan fit into memory together: the sum, and what it is made of.
///
/// A service *needs* its weights, one context and its overhead, since it cannot answer with less. It may take more: keys and values of up to
/// `contexts` contexts. What all need must fit; that all take the most at once is only warned of.
public struct MemoryAdmission: Codable, Sendable, Equatable {
    /// What sets the bound.
    public enum Bound: String, Codable, Sendable {
        case budget
        case machine
        case controlGroup = "control-group"

        public var text: String {
            switch self {
            case .budget: "`budget.memory`"
            case .machine: "this machine's memory"
            case .controlGroup: "the memory limit of the control group"
            }
        }
    }

    public var shares: [MemoryShare]
    public var allowedBytes: Int
    public var bound: Bound
    /// Of all services whose need is known.
    public var neededBytes: Int
    public var mostBytes: Int
    /// Services of which two instances run while they are replaced, and what is needed while all of them are.
    public var doubled: [String]
    public var replacementBytes: Int
    /// Services that run on demand: at least one of them fits at a time, and others make room for it. Absent where there are none.
    public var onDemand: [String]?

    /// - Parameters:
    ///   - doubled: the names of services that are replaced by overlap.
    ///   - onDemand: of those that run on demand.
    public init(_ shares: [MemoryShare], doubled: Set<String>, onDemand: Set<String> = [], allowedBytes: Int, bound: Bound) {
        var shares = shares
        for index in shares.indices {
            // The runtime keeps to what it is given, and otherwise to what is there.
            guard let needed = shares[index].neededBytes, let most = shares[index].mostBytes, shares[index].isBounded else { continue }
            shares[index].mostBytes = max(needed, min(most, allowedBytes))
        }
        self.shares = shares
        self.allowedBytes = allowedBytes
        self.bound = bound
        self.doubled = shares.map(\.service).filter(doubled.contains)
        let always = shares.filter { !onDemand.contains($0.service) }
        let sometimes = shares.filter { onDemand.contains($0.service) }
        self.onDemand = sometimes.isEmpty ? nil : sometimes.map(\.service)
        neededBytes = Self.sum(always.compactMap(\.neededBytes) + [sometimes.compactMap(\.neededBytes).max() ?? 0])
        mostBytes = Self.sum(
            always.compactMap { $0.mostBytes ?? $0.neededBytes } + [sometimes.compactMap { $0.mostBytes ?? $0.neededBytes }.max() ?? 0])
        replacementBytes = Self.sum([neededBytes] + shares.filter { doubled.contains($0.service) }.compactMap(\.neededBytes))
    }

    /// Whether the needs of all services are known.
    public var isComplete: Bool { shares.allSatisfy { $0.neededBytes != nil } }

    /// More than any machine has; what is beyond is not told apart.
    static func sum(_ numbers: [Int]) -> Int {
        numbers.reduce(0) { sum, number in
            let (next, overflows) = sum.addingReportingOverflow(number)
            return overflows ? .max : next
        }
    }

    enum CodingKeys: String, CodingKey {
        case shares, bound, doubled
        case onDemand = "on_demand"
        case allowedBytes = "allowed_bytes"
        case neededBytes = "needed_bytes"
        case mostBytes = "most_bytes"
        case replacementBytes = "replacement_bytes"
    }
}

/// The memory of one service.
public struct MemoryShare: Codable, Sendable, Equatable {
    public var service: String
    /// Nil where it is not known.
    public var weightsBytes: Int?
    /// Keys and values of one context.
    public var contextBytes: Int?
    public var contextTokens: Int?
    /// The most that it holds together.
    public var contexts: Int
    public var overheadBytes: Int?
    /// `resources.memory`.
    public var limitBytes: Int?
    /// The service keeps to its limit, and to what the machine has.
    public var isBounded: Bool
    /// Nil where it is not known.
    public var neededBytes: Int?
    /// What it takes when it holds as many contexts as it may; nil where it is not known.
    public var mostBytes: Int?
    /// Why something is not known.
    public var unknown: String?

    /// A worker of ours: what is counted is what it will do.
    public static func native(
        _ service: String, weights: Int, contextBytes: Int, contextTokens: Int, contexts: Int, overhead: Int, limit: Int?
    ) -> MemoryShare {
        let base = MemoryAdmission.sum([weights, overhead])
        let needed = MemoryAdmission.sum([base, contextBytes])
        let most = MemoryAdmission.sum([base, product(contextBytes, contexts)])
        return MemoryShare(
            service: service, weightsBytes: weights, contextBytes: contextBytes, contextTokens: contextTokens, contexts: contexts,
            overheadBytes: overhead, limitBytes: limit, isBounded: true, neededBytes: needed, mostBytes: max(needed, min(most, limit ?? .max)))
    }

    /// Another program: what the file says that it takes, else what its model takes at least.
    ///
    /// - Parameters:
    ///   - isWindowSet: the length of a context is the configuration's; else it is the model's own, which the program need not ever reach.
    ///   - unknown: why the weights are not known.
    public static func foreign(
        _ service: String, weights: Int?, contextBytes: Int?, contextTokens: Int?, isWindowSet: Bool, contexts: Int, limit: Int?, unknown: String?
    ) -> MemoryShare {
        let needed = limit ?? weights.map { MemoryAdmission.sum([$0, isWindowSet ? contextBytes ?? 0 : 0]) }
        let most = limit ?? weights.map { MemoryAdmission.sum([$0, product(contextBytes ?? 0, contexts)]) }
        return MemoryShare(
            service: service, weightsBytes: weights, contextBytes: contextBytes, contextTokens: contextTokens, contexts: contexts, limitBytes: limit,
            isBounded: false, neededBytes: needed, mostBytes: most,
            unknown: weights == nil ? unknown : contextBytes == nil ? "the model's files do not say what a context takes" : nil)
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, overflows) = left.multipliedReportingOverflow(by: right)
        return overflows ? .max : product
    }

    /// How many contexts fit into the most that it takes: fewer than `contexts` where it is bounded. Nil where that is not known.
    public var contextsHeld: Int? {
        guard let most = mostBytes, let weights = weightsBytes, let context = contextBytes, context > 0 else { return nil }
        return min(contexts, max(1, (most - weights - (overheadBytes ?? 0)) / context))
    }

    /// `weights 8.1 GiB, one context of 8192 tokens 1.1 GiB, overhead 300 MiB`.
    public var sumText: String {
        var parts: [String] = []
        if let weightsBytes { parts.append("weights \(ByteText.text(weightsBytes))") }
        if let contextBytes, weightsBytes != nil {
            parts.append("one context\(contextTokens.map { " of \($0) tokens" } ?? "") \(ByteText.text(contextBytes))")
        }
        if let overheadBytes { parts.append("overhead \(ByteText.text(overheadBytes))") }
        if !isBounded, let limitBytes { parts = ["resources.memory \(ByteText.text(limitBytes))"] }
        return parts.isEmpty ? "not known: \(unknown ?? "nothing is known of its model")" : parts.joined(separator: ", ")
    }

    enum CodingKeys: String, CodingKey {
        case service, contexts, unknown
        case weightsBytes = "weights_bytes"
        case contextBytes = "context_bytes"
        case contextTokens = "context_tokens"
        case overheadBytes = "overhead_bytes"
        case limitBytes = "limit_bytes"
        case isBounded = "is_bounded"
        case neededBytes = "needed_bytes"
        case mostBytes = "most_bytes"
    }
}
