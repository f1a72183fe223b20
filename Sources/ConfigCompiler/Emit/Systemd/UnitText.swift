/// A unit file as it is written, line by line.
struct UnitText {
    private(set) var text: String

    init(instance: String, description: String) {
        text = "# \(EmitMarker.line("systemd", instance: instance)); a change here is lost at the next run\n"
        section("Unit")
        set("Description", description.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%"))
    }

    mutating func section(_ name: String) { text += (text.hasSuffix("\n\n") ? "" : "\n") + "[\(name)]\n" }

    mutating func set(_ key: String, _ value: String) { text += "\(key)=\(value)\n" }

    /// - Parameter value: nil leaves the key out.
    mutating func set(_ key: String, _ value: String?) {
        if let value { text += "\(key)=\(value)\n" }
    }

    mutating func comment(_ line: String) { text += SystemdQuoting.comment(line) + "\n" }

    mutating func gap() { text += "\n" }

    /// A span of time.
    static func time(milliseconds: Int) -> String { milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms" }
}
