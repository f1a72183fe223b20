/// The file of the earliest wrapper: `.anyclauderc` was sourced by a shell.
enum ShellFile {
    /// The names that a file of nothing but shell assignments sets; nil for any other text.
    static func variables(in file: SourceFile) -> [String]? {
        guard SourceFormat(path: file.path) == .either else { return nil }
        var names: [String] = []
        for line in SourceLines.split(file.bytes[...]) {
            var text = String(decoding: line, as: UTF8.self)[...].drop { $0 == " " || $0 == "\t" }
            if text.isEmpty || text.hasPrefix("#") { continue }
            if text.hasPrefix("export ") { text = text.dropFirst(7).drop { $0 == " " } }
            let name = text.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
            guard !name.isEmpty, name.first?.isNumber == false, text.dropFirst(name.count).first == "=" else { return nil }
            names.append(String(name.prefix(64)))
        }
        return names.isEmpty ? nil : names
    }
}
