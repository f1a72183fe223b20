import Host

/// What a unit is made of besides its service. The same identity means the same roots and the same values.
struct Making {
    var bindings: [String: String]
    var secrets: SecretStore
}
