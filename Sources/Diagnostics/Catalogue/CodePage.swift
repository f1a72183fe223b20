/// What `anyclaude explain CODE` shows.
public struct CodePage: Sendable {
    public var severity: Diagnostic.Severity
    /// The kind of finding, without values that vary.
    public var title: String
    /// What it means, and what to do.
    public var text: String

    init(_ severity: Diagnostic.Severity, _ title: String, _ text: String) {
        self.severity = severity
        self.title = title
        self.text = text
    }

    /// How a finding that is no error is silenced; for the pages about it.
    static let allowing =
        "In YAML, `# anyclaude: allow CODE` at the end of a line allows the code on that line; on a line of its own, on the next line that is neither\n"
        + "empty nor a comment. Several codes stand with commas between them, and a reason may follow: `# anyclaude: allow AC0703, AC0804 -- why`.\n"
        + "A comment goes before `--deny`. JSON has no comments: use `anyclaude validate --allow CODE` there, which holds for the whole\nfile."
}

extension DiagnosticCode {
    /// Every code has a page; a test holds that.
    public var page: CodePage {
        Catalogue.pages[self] ?? CodePage(.error, "unknown code", "This code has no page: that is a fault of the program.")
    }

    /// The page as a text for a terminal.
    public var explanation: String {
        var text = "\(rawValue) (\(page.severity.rawValue)): \(page.title)\n\n\(page.text)\n"
        if page.severity < .error, !page.text.hasSuffix(CodePage.allowing) {
            text +=
                "\nA comment `# anyclaude: allow \(rawValue)` on the line in question or the one above it, or `--allow \(rawValue)`, silences it;\n"
            text += "`--deny \(rawValue)` makes it an error. `anyclaude explain AC0805` has the rules.\n"
        }
        return text
    }
}
