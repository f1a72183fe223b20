/// A key of the table, whatever its value is.
protocol TableKey: Sendable {
    var spec: KeySpec { get set }
}

extension TableKey {
    var name: String { spec.name }

    func alias(_ names: String...) -> Self { changed { $0.aliases = names } }
    func required() -> Self { changed { $0.isRequired = true } }
    func deprecated(by key: String) -> Self { changed { $0.deprecatedBy = key } }
    /// Says in words what holds where the key is absent.
    func otherwise(_ note: String) -> Self { changed { $0.defaultNote = note } }

    private func changed(_ change: (inout KeySpec) -> Void) -> Self {
        var copy = self
        change(&copy.spec)
        return copy
    }
}

/// A key with the type that its value has once it is checked.
struct Key<Value: Sendable>: TableKey {
    var spec: KeySpec
    let read: @Sendable (CheckedValue) -> Value?
}

/// A key that has a value in every section: where nothing is written, its default.
struct DefaultedKey<Value: Sendable>: TableKey {
    var key: Key<Value>
    let defaultValue: Value

    var spec: KeySpec {
        get { key.spec }
        set { key.spec = newValue }
    }

    init(_ key: Key<Value>, _ value: Value, _ checked: CheckedValue) {
        self.key = key
        self.key.spec.defaultValue = checked
        defaultValue = value
    }
}
