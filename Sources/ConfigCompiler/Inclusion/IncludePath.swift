/// The place of an included file below the folder of the root, by text alone.
struct IncludePath: Hashable {
    /// Folders and the file's name, without `.` and `..`.
    let components: [String]

    var text: String { components.joined(separator: "/") }

    /// - Parameters:
    ///   - text: as the including file has it, relative to its own folder.
    ///   - folder: that folder, below the root's.
    /// - Throws: why it is refused, as a message goes on after the path.
    init(_ text: String, in folder: ArraySlice<String>) throws(ValueFault) {
        guard !text.isEmpty else { throw ValueFault(.badInclude, "is empty") }
        guard !text.unicodeScalars.contains("\0") else { throw ValueFault(.badInclude, "has a NUL character") }
        guard !text.hasPrefix("/"), !text.hasPrefix("~") else { throw ValueFault(.badInclude, "is not relative to the file that includes it") }
        var parts = Array(folder)
        for part in text.split(separator: "/", omittingEmptySubsequences: false) where part != "." && !part.isEmpty {
            if part != ".." {
                parts.append(String(part))
            } else if parts.popLast() == nil {
                throw ValueFault(.badInclude, "leaves the folder of the configuration")
            }
        }
        guard !parts.isEmpty, !text.hasSuffix("/"), parts.count <= 64, text.utf8.count <= 1024 else {
            throw ValueFault(.badInclude, "does not name a file")
        }
        components = parts
    }

    init(root: String) { components = [root] }

    var folder: ArraySlice<String> { components.dropLast() }
}
