extension ProxySettings {
    /// What requests to one server say beside what they are translated to. Each part is left out where it is nil.
    public struct Extras: Codable, Sendable, Equatable {
        /// OpenRouter's choice of providers.
        public var provider: Provider?
        /// Models that OpenRouter tries in order where the backend's own fails.
        public var models: [String]?
        /// The address and the name that OpenRouter knows the caller by.
        public var siteURL: String?
        public var siteTitle: String?
        /// LM Studio unloads a model that it loaded for a request when it was idle for so long.
        public var ttlSeconds: Int?
        /// A JSON object, as text: members of each request, where it does not have them by itself.
        public var body: String?

        public init(
            provider: Provider? = nil, models: [String]? = nil, siteURL: String? = nil, siteTitle: String? = nil, ttlSeconds: Int? = nil,
            body: String? = nil
        ) {
            self.provider = provider
            self.models = models
            self.siteURL = siteURL
            self.siteTitle = siteTitle
            self.ttlSeconds = ttlSeconds
            self.body = body
        }

        enum CodingKeys: String, CodingKey {
            case provider, models, body
            case siteURL = "site_url"
            case siteTitle = "site_title"
            case ttlSeconds = "ttl_seconds"
        }
    }

    /// OpenRouter's `provider` object, by its own names.
    public struct Provider: Codable, Sendable, Equatable {
        public enum Sort: String, Codable, Sendable, CaseIterable { case price, throughput, latency }
        public enum DataCollection: String, Codable, Sendable, CaseIterable { case allow, deny }

        public var order: [String]?
        public var only: [String]?
        public var ignore: [String]?
        public var quantizations: [String]?
        public var allowFallbacks: Bool?
        public var requireParameters: Bool?
        public var zdr: Bool?
        public var dataCollection: DataCollection?
        public var sort: Sort?

        public init(
            order: [String]? = nil, only: [String]? = nil, ignore: [String]? = nil, quantizations: [String]? = nil, allowFallbacks: Bool? = nil,
            requireParameters: Bool? = nil, zdr: Bool? = nil, dataCollection: DataCollection? = nil, sort: Sort? = nil
        ) {
            self.order = order
            self.only = only
            self.ignore = ignore
            self.quantizations = quantizations
            self.allowFallbacks = allowFallbacks
            self.requireParameters = requireParameters
            self.zdr = zdr
            self.dataCollection = dataCollection
            self.sort = sort
        }

        enum CodingKeys: String, CodingKey {
            case order, only, ignore, quantizations, zdr, sort
            case allowFallbacks = "allow_fallbacks"
            case requireParameters = "require_parameters"
            case dataCollection = "data_collection"
        }
    }
}
