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
}

extension DiagnosticCode {
    /// Every code has a page; a test holds that.
    public var page: CodePage {
        Catalogue.pages[self] ?? CodePage(.error, "unknown code", "This code has no page: that is a fault of the program.")
    }

    /// The page as a text for a terminal.
    public var explanation: String { "\(rawValue) (\(page.severity.rawValue)): \(page.title)\n\n\(page.text)\n" }
}
