/// The two syntaxes of a configuration.
public enum SourceFormat: Sendable, Equatable {
    case yaml
    case json
    /// A name that does not say: JSON where the text is JSON, else YAML.
    case either

    public init(path: String) {
        if path.hasSuffix(".json") {
            self = .json
        } else if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
            self = .yaml
        } else {
            self = .either
        }
    }
}
