/// Filters that fit texts into a width.
extension TemplateEvaluator {
    /// `str.center`, `ljust` and `rjust`.
    func aligned(_ text: String, _ method: String, width: Int, fill: Unicode.Scalar) throws(RuntimeError) -> String {
        try check(size: max(width, 0))
        let missing = max(0, width - text.unicodeScalars.count)
        let left = method == "ljust" ? 0 : method == "rjust" ? missing : missing / 2 + (missing & width & 1)
        func blank(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        return blank(left) + text + blank(missing - left)
    }

    /// Jinja's `truncate`: at a blank, unless words may be cut.
    func truncated(_ text: String, _ arguments: TemplateArguments) throws(RuntimeError) -> String {
        let length = arguments.value(0, "length")?.integer ?? 255
        let end = arguments.value(2, "end")?.text ?? "..."
        let leeway = arguments.value(3, "leeway")?.integer ?? 5
        let scalars = Array(text.unicodeScalars)
        let kept = length - end.unicodeScalars.count
        guard kept >= 0, leeway >= 0 else { throw failure("`truncate` needs a length of at least that of its end, and a leeway of at least 0") }
        if scalars.count - leeway <= length { return text }
        var part = scalars.prefix(kept)
        if arguments.value(1, "killwords")?.isTrue != true, let blank = part.lastIndex(of: " ") { part = part[..<blank] }
        return String(String.UnicodeScalarView(part)) + end
    }

    /// Jinja's `wordwrap`: each line by Python's `textwrap`.
    func wrapped(_ text: String, _ arguments: TemplateArguments) throws(RuntimeError) -> String {
        let width = arguments.value(0, "width")?.integer ?? 79
        guard width > 0 else { throw failure("`wordwrap` needs a width of at least 1") }
        let breaksWords = arguments.value(1, "break_long_words")?.isTrue ?? true
        let separator = arguments.value(2, "wrapstring").flatMap(\.stringValue) ?? "\n"
        let breaksHyphens = arguments.value(3, "break_on_hyphens")?.isTrue ?? true
        let wrapping = PythonWrapping(width: width, breaksWords: breaksWords, breaksHyphens: breaksHyphens)
        return try joined(PythonText.lines(text).map { wrapping.lines(of: $0).joined(separator: separator) }, separator)
    }
}
