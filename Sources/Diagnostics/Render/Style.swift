/// Colours of a terminal, where they are wanted.
struct Style {
    enum Role: String {
        case error = "1;31"
        case warning = "1;33"
        case note = "1;36"
        case help = "1;32"
        case gutter = "1;34"
        case strong = "1"
    }
    let color: Bool

    func callAsFunction(_ role: Role, _ text: String) -> String { color && !text.isEmpty ? "\u{1B}[\(role.rawValue)m\(text)\u{1B}[0m" : text }

    static func role(of severity: Diagnostic.Severity) -> Role {
        switch severity {
        case .error: .error
        case .warning: .warning
        case .note: .note
        }
    }
}
