import JSON

/// Members of `config.json`, by type and bound.
struct ConfigurationMembers {
    let file: String
    let root: JSON
    /// Where `root` is in the file, with a dot at its end.
    var place = ""

    /// What to do about a member that no supported model has so.
    static let remedy = "download the file again, or take a model that the runtime supports"

    func wrong(_ message: String) -> CheckpointError { CheckpointError(message, hint: Self.remedy, file: file) }

    /// nil where it is missing or null.
    func section(_ key: String) throws(CheckpointError) -> ConfigurationMembers? {
        guard let value = root[key], !value.isNull else { return nil }
        guard value.objectValue != nil else { throw wrong("`\(place)\(key)` is \(value.typeName), not a mapping") }
        return ConfigurationMembers(file: file, root: value, place: "\(place)\(key).")
    }

    func count(_ key: String, atMost limit: Int, whereMissing fallback: Int? = nil) throws(CheckpointError) -> Int {
        guard let value = root[key], !value.isNull else {
            if let fallback { return fallback }
            throw wrong("`\(place)\(key)` is missing")
        }
        guard let number = value.intValue else {
            throw wrong("`\(place)\(key)` is \(value.typeName), not an integer")
        }
        guard (1...limit).contains(number) else {
            throw wrong("`\(place)\(key)` \(number) is outside 1 to \(limit)")
        }
        return number
    }

    func positive(_ key: String, whereMissing fallback: Double? = nil) throws(CheckpointError) -> Double {
        guard let value = root[key], !value.isNull else {
            if let fallback { return fallback }
            throw wrong("`\(place)\(key)` is missing")
        }
        guard let number = value.doubleValue else {
            throw wrong("`\(place)\(key)` is \(value.typeName), not a number")
        }
        guard number > 0, number.isFinite else { throw wrong("`\(place)\(key)` must be positive") }
        return number
    }

    /// False where it is missing.
    func flag(_ key: String) throws(CheckpointError) -> Bool {
        guard let value = root[key], !value.isNull else { return false }
        guard let flag = value.boolValue else { throw wrong("`\(place)\(key)` is \(value.typeName), not a boolean") }
        return flag
    }
}
