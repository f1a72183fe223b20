extension ProxySettings {
    /// One line for each request, without a word of what was asked or answered.
    public struct RequestLog: Codable, Sendable, Equatable {
        /// In the logs folder.
        public static let fileName = "requests.jsonl"

        /// The file is exchanged at this size.
        public var maxBytes: Int
        /// How many old files are kept.
        public var maxFiles: Int

        public init(maxBytes: Int = 16 << 20, maxFiles: Int = 5) {
            self.maxBytes = maxBytes
            self.maxFiles = maxFiles
        }

        enum CodingKeys: String, CodingKey {
            case maxBytes = "max_bytes"
            case maxFiles = "max_files"
        }
    }

    /// Whole exchanges with clients and with models' servers, for `anyclaude replay`.
    public struct Capture: Codable, Sendable, Equatable {
        /// In its folder.
        public static let fileName = "exchanges.jsonl"
        /// How many old files are kept: with the present one they hold `maxBytes`.
        public static let oldFiles = 3

        public var directory: PlanPath
        /// Of all files together.
        public var maxBytes: Int

        public init(directory: PlanPath, maxBytes: Int = 256 << 20) {
            self.directory = directory
            self.maxBytes = maxBytes
        }

        enum CodingKeys: String, CodingKey {
            case directory
            case maxBytes = "max_bytes"
        }
    }
}
