import JSON

/// How a model chooses its words where a request does not say: from the configuration, since newer clients cannot say it at all.
public struct SamplingDefaults: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable {
        case temperature
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case seed
    }
    public private(set) var values: [Name: JSON]

    public init(_ values: [Name: JSON] = [:]) { self.values = values }

    /// Adds what the body lacks, by the server's names and in one order.
    public func complete(_ body: inout JSONObject, for dialect: BackendDialect) {
        for name in Name.allCases {
            guard let value = values[name], let key = dialect.samplingNames[name], body[key] == nil else { continue }
            body[key] = value
        }
    }

    public var json: JSON { .object(JSONObject(Name.allCases.compactMap { name in values[name].map { .init(key: name.rawValue, value: $0) } })) }
}

extension [SamplingDefaults.Name: String] {
    /// With the names that the engines have beyond the chat-completions API; the penalty for repetition has two.
    static func engine(repetition: String) -> Self {
        BackendDialect(name: "").samplingNames.merging([.topK: "top_k", .minP: "min_p", .repetitionPenalty: repetition]) { _, new in new }
    }
}
