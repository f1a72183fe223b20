import JSON

/// All that is known of a key, said once: the checker, the defaults, the schema, `explain` and "did you mean" come from it.
struct KeySpec: Sendable {
    var name: String
    var type: ValueType
    var doc: String
    /// What holds where the key is absent; nil where that depends on other keys.
    var defaultValue: CheckedValue?
    /// The default in words, where it depends on other keys.
    var defaultNote: String?
    /// Other spellings that mean the same.
    var aliases: [String] = []
    /// The version that brought the key.
    var since = "1.0"
    var isRequired = false
    /// The dotted key to write in its stead.
    var deprecatedBy: String?
    /// Why the key changes nothing here: upstream's keys that have no counterpart.
    var unused: Unused?

    struct Unused: Sendable {
        var reason: String
        /// Values that ask for nothing, so that they need no warning.
        var inert: [JSON]
    }

    var isSecret: Bool {
        if case .secret = type { return true }
        return false
    }
}
