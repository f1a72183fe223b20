import JSON

/// Members of `config.json`, by type and bound.
struct ConfigurationMembers {
    let file: String
    let root: JSON
    /// Where `root` is in the file, with a dot at its end.
    var place = ""

    /// nil where it is missing or null.
    func section(_ key: String) throws(CheckpointError) -> ConfigurationMembers? {
        guard let value = root[key], !value.isNull else { return nil }
        guard value.objectValue != nil else { throw CheckpointError("`\(place)\(key)` is \(value.typeName), not a mapping", file: file) }
        return ConfigurationMembers(file: file, root: value, place: "\(place)\(key).")
    }

    func count(_ key: String, atMost limit: Int, whereMissing fallback: Int? = nil) throws(CheckpointError) -> Int {
        guard let value = root[key], !value.isNull else {
            if let fallback { return fallback }
            throw CheckpointError("`\(place)\(key)` is missing", file: file)
        }
        guard let number = value.intValue else {
            throw CheckpointError("`\(place)\(key)` is \(value.typeName), not an integer", file: file)
        }
        guard (1...limit).contains(number) else {
            throw CheckpointError("`\(place)\(key)` \(number) is outside 1 to \(limit)", file: file)
        }
        return number
    }

    func positive(_ key: String, whereMissing fallback: Double? = nil) throws(CheckpointError) -> Double {
        guard let value = root[key], !value.isNull else {
            if let fallback { return fallback }
            throw CheckpointError("`\(place)\(key)` is missing", file: file)
        }
        guard let number = value.doubleValue else {
            throw CheckpointError("`\(place)\(key)` is \(value.typeName), not a number", file: file)
        }
        guard number > 0, number.isFinite else { throw CheckpointError("`\(place)\(key)` must be positive", file: file) }
        return number
    }

    /// False where it is missing.
    func flag(_ key: String) throws(CheckpointError) -> Bool {
        guard let value = root[key], !value.isNull else { return false }
        guard let flag = value.boolValue else { throw CheckpointError("`\(place)\(key)` is \(value.typeName), not a boolean", file: file) }
        return flag
    }
}
