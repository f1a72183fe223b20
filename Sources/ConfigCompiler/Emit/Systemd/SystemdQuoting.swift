import Diagnostics

/// The rules by which systemd reads the values of units (systemd.syntax(7), systemd.service(5)), backwards.
enum SystemdQuoting {
    /// One word of `ExecStart=` or `Environment=`: quotes, C escapes and specifiers. `$` is the caller's, since only commands expand it.
    static func word(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "%": result += "%%"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            // A line with a control character or a noncharacter is refused as a whole; their bytes are not.
            case _ where isUnprintable(scalar): result += UTF8.encode(scalar)?.map(hexEscape).joined() ?? ""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A word of a command in which systemd replaces `$`.
    static func expandedWord(_ text: String) -> String {
        word(text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$"))
    }

    /// A whole command line: `:` in front keeps systemd from replacing `$`, where there is one.
    ///
    /// - Throws: nothing; a program whose name systemd would refuse is started by a shell, which takes any name.
    static func command(_ words: [String]) -> String {
        let words = words.first.map(isProgramName) ?? true ? words : ["/bin/sh", "-c", "exec \"$0\" \"$@\""] + words
        let prefix = words.contains { $0.contains("$") } ? ":" : ""
        return prefix + words.map(word).joined(separator: " ")
    }

    /// A setting that is one path and knows no quotes, as `WorkingDirectory=`.
    static func path(_ path: String) throws(EmitError) -> String {
        guard !path.unicodeScalars.contains(where: isUnprintable) else {
            throw EmitError("systemd has no way to write a path with a line break or control character", hint: "rename \(word(path))")
        }
        let text = path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
        // Space at the end would be cut off, and a backslash would continue the line; a slash more means the same path.
        return text.hasSuffix(" ") || text.hasSuffix("\\") ? text + "/" : text
    }

    /// One of several paths in a setting that knows quotes but no escapes, as `ReadWritePaths=`.
    static func listedPath(_ path: String) throws(EmitError) -> String {
        guard !path.unicodeScalars.contains(where: { isUnprintable($0) || $0 == "\"" || $0 == "\\" }) else {
            throw EmitError("systemd has no way to write a path with quotes, backslashes or control characters here", hint: "rename \(word(path))")
        }
        let text = path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
        return text.utf8.allSatisfy(isPlain) ? text : "\"\(text)\""
    }

    /// One path in a setting that takes a colon for the end of it, as `BindPaths=`, unless it is in quotes.
    static func boundPath(_ path: String) throws(EmitError) -> String {
        let text = try listedPath(path)
        return text.contains(":") && !text.hasPrefix("\"") ? "\"\(text)\"" : text
    }

    /// A remark: it has one line.
    static func comment(_ text: String) -> String {
        "# " + String(String.UnicodeScalarView(text.unicodeScalars.map { isUnprintable($0) || $0 == "\\" ? "\u{B7}" : $0 }))
    }

    static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        return value < 0x20 || value == 0x7F || value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value) || value == 0xFEFF
    }

    /// Whether systemd takes a text as the name of a program: no quotes, backslashes or control characters.
    private static func isProgramName(_ text: String) -> Bool {
        !text.isEmpty && !text.unicodeScalars.contains { isUnprintable($0) || $0 == "\"" || $0 == "'" || $0 == "\\" }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || "_-+=./:,@$".utf8.contains(byte)
    }

    private static func hexEscape(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
