import Glibc

/// What is known of the terminal behind a descriptor.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// In columns; nil where there is none.
    static func width(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

/// Colours, or none: <https://no-color.org>, `--no-color`, `TERM=dumb`, and anything but a terminal turn them off.
struct Style: Sendable, Equatable {
    var isColored: Bool

    init(isColored: Bool) { self.isColored = isColored }

    init(for descriptor: Int32, noColor: Bool, environment: [String: String]) {
        let refused = noColor || !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        self.init(isColored: !refused && Terminal.isTerminal(descriptor))
    }

    func error(_ text: String) -> String { paint(text, "1;31") }
    func warning(_ text: String) -> String { paint(text, "33") }
    func good(_ text: String) -> String { paint(text, "32") }
    func hint(_ text: String) -> String { paint(text, "36") }
    func dim(_ text: String) -> String { paint(text, "2") }
    func bold(_ text: String) -> String { paint(text, "1") }

    private func paint(_ text: String, _ code: String) -> String { isColored && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
