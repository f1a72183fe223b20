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

/// A key with the type that its value has once it is checked.
struct Key<Value: Sendable>: Sendable {
    var spec: KeySpec
    let read: @Sendable (CheckedValue) -> Value?

    var name: String { spec.name }

    func alias(_ names: String...) -> Key {
        var copy = self
        copy.spec.aliases = names
        return copy
    }

    func required() -> Key {
        var copy = self
        copy.spec.isRequired = true
        return copy
    }

    func deprecated(by key: String) -> Key {
        var copy = self
        copy.spec.deprecatedBy = key
        return copy
    }

    /// Says in words what holds where the key is absent.
    func otherwise(_ note: String) -> Key {
        var copy = self
        copy.spec.defaultNote = note
        return copy
    }
}
