/// What goes before the file: flags first, then the listed variables.
public struct Overrides: Sendable {
    /// In the order of the command line; of two for one key, the last counts.
    public var flags: [Override]
    /// Only the variables of `EnvironmentVariables.all` are read; the rest has no influence.
    public var environment: [String: String]

    public init(flags: [Override] = [], environment: [String: String] = [:]) {
        self.flags = flags
        self.environment = environment
    }
}

/// One value that a flag of the command line gives to a key.
public struct Override: Sendable, Equatable {
    /// As the user knows it: `--backend`.
    public var flag: String
    /// The dotted key, as `proxy.port` or `backends.vllm-mlx.model`.
    public var key: String
    /// Read as the key's type.
    public var value: String

    public init(flag: String, key: String, value: String) {
        self.flag = flag
        self.key = key
        self.value = value
    }

    public static func backend(_ name: String) -> Override { Override(flag: "--backend", key: "backend", value: name) }
    public static func port(_ port: String) -> Override { Override(flag: "--port", key: "proxy.port", value: port) }
    public static let capture = Override(flag: "--capture", key: "proxy.capture.enabled", value: "true")
    public static func instance(_ name: String) -> Override { Override(flag: "--instance", key: "instance", value: name) }
}
