/// A string that may hold parts that only the machine knows.
public indirect enum PlanValue: Sendable, Hashable {
    case text(String)
    case path(PlanPath)
    /// Resolved by the supervisor at each start. Never in an argument, which every user of the machine can read.
    case secret(SecretReference)
    case joined([PlanValue])

    /// The string on this machine; `secret` answers for references.
    public func resolved<Failure: Error>(
        _ bindings: PlanPath.Bindings, secret: (SecretReference) throws(Failure) -> String
    ) throws -> String {
        switch self {
        case .text(let text): text
        case .path(let path): try path.resolved(bindings)
        case .secret(let reference): try secret(reference)
        case .joined(let parts): try parts.map { try $0.resolved(bindings, secret: secret) }.joined()
        }
    }

    /// The secrets in it.
    public var secrets: [SecretReference] {
        switch self {
        case .text, .path: []
        case .secret(let reference): [reference]
        case .joined(let parts): parts.flatMap(\.secrets)
        }
    }
}

/// Where a secret is. Its value is never in a plan.
public enum SecretReference: Codable, Sendable, Hashable {
    /// A variable of the supervisor's, or one that `apply` sent.
    case env(name: String)
    /// A file's text without one trailing line break.
    case file(path: PlanPath)
    /// A systemd credential (`$CREDENTIALS_DIRECTORY/name`).
    case credential(name: String)
}

extension PlanValue: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
}

extension PlanValue: Codable {
    private enum Key: String, CodingKey { case path, secret, join }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = .text(text)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        if let path = try container.decodeIfPresent(PlanPath.self, forKey: .path) {
            self = .path(path)
        } else if let secret = try container.decodeIfPresent(SecretReference.self, forKey: .secret) {
            self = .secret(secret)
        } else {
            self = .joined(try container.decode([PlanValue].self, forKey: .join))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .path(let path):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(path, forKey: .path)
        case .secret(let reference):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(reference, forKey: .secret)
        case .joined(let parts):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(parts, forKey: .join)
        }
    }
}
