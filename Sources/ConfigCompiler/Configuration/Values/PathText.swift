import LaunchPlan

/// Paths as users write them.
enum PathText {
    /// Absolute as it is, `~/…` below the home folder, the rest below the folder of the file. `.` and `..` are resolved by text, as far
    /// as they do not leave the root; the file system is never asked.
    static func planPath(_ text: String) throws(ValueFault) -> PlanPath {
        guard !text.isEmpty else { throw ValueFault(.emptyValue, "is empty") }
        guard !text.unicodeScalars.contains("\0") else { throw ValueFault(.badPath, "has a NUL character") }
        if text.hasPrefix("/") { return .absolute("/" + normalised(text).joined(separator: "/")) }
        if text == "~" || text.hasPrefix("~/") { return .rooted(.home, normalised(String(text.dropFirst(2))).joined(separator: "/")) }
        if text.hasPrefix("~") {
            throw ValueFault(.badPath, "names another user's home, which a plan cannot know", notes: ["write the absolute path"])
        }
        return .rooted(.config, normalised(text).joined(separator: "/"))
    }

    private static func normalised(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return text.hasPrefix("/") ? Array(parts.drop { $0 == ".." }) : parts
    }

    /// Whether a model is a place on the disk rather than an id.
    static func looksLikePath(_ text: String) -> Bool {
        text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("~/")
    }

    static func lastComponent(_ text: String) -> String {
        text.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? text
    }
}
