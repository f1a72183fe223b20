import JSON

/// A first configuration: what was chosen, and every other block as a remark that only needs its `#` taken away.
public enum StarterText {
    /// - Parameter schema: where the modeline says that the schema is.
    public static func render(_ machine: Machine, _ choice: StarterChoice, schema: String = "./anyclauderc.schema.json") -> String {
        text(machine, choice, schema: schema, examplesToo: false)
    }

    /// - Parameter examplesToo: blocks that are not used stand there without `#`, so that a test can check them.
    static func text(_ machine: Machine, _ choice: StarterChoice, schema: String, examplesToo: Bool) -> String {
        var page = StarterPage(examplesToo: examplesToo)
        page.lines += [
            "# yaml-language-server: $schema=\(schema)",
            "# How Claude Code reaches its models. Made by `anyclaude init`; yours to change.",
            "#   anyclaude validate     all that is wrong, with place and remedy",
            "#   anyclaude plan         what an apply would do, and why",
            "#   anyclaude apply        do it, and keep it so",
            "#   anyclaude explain KEY  what a key means, as `anyclaude explain proxy.port`",
            "# Editors help with the first line and: anyclaude schema > anyclauderc.schema.json",
            "",
        ]
        page.remark("Where requests go that no route takes: one of the backends below. This one, since \(choice.reason).")
        page.use("backend: \(choice.name)")
        page.gap()
        proxy(&page)
        page.use("backends:")
        StarterBackends(machine: machine, choice: choice).write(&page)
        routes(&page, choice)
        page.remark("What all services together may use; `plan` adds up what the models need. (anyclaude explain budget.memory)")
        page.example("budget: { memory: \(budget(machine)) }")
        page.gap()
        page.remark("The name of this stack where one machine has several. (anyclaude explain instance)")
        page.example("instance: default")
        return page.text
    }

    private static func proxy(_ page: inout StarterPage) {
        page.remark("The server that Claude Code talks to. (anyclaude explain proxy)")
        page.use("proxy:")
        page.use("  port: 8788")
        page.remark("Other machines may use it with a token alone:", indent: 2)
        page.example("  host: 0.0.0.0")
        page.example("  authToken: { env: ANYCLAUDE_TOKEN }")
        page.remark("An identical request is answered again from here:", indent: 2)
        page.example("  responseCache: { enabled: true, ttl: 300s, maxBytes: 256MiB }")
        page.gap()
    }

    private static func routes(_ page: inout StarterPage, _ choice: StarterChoice) {
        page.remark("Claude Code asks a small model for titles and summaries: that may be another backend. (anyclaude explain routes)")
        page.example("routes:")
        page.example("  - { match: { model: \"*haiku*\" }, to: \(choice.name == "openrouter" ? "claude" : "openrouter") }", column: 0)
        page.gap()
    }

    /// Four fifths of the memory, in whole GiB.
    private static func budget(_ machine: Machine) -> String {
        let gib = ((machine.memoryBytes ?? 16 << 30) / 5 * 4) >> 30
        return gib >= 1 ? "\(gib)GiB" : "512MiB"
    }
}

/// A text under construction.
struct StarterPage {
    var lines: [String] = []
    let examplesToo: Bool

    init(examplesToo: Bool) { self.examplesToo = examplesToo }

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func gap() { if lines.last != "" { lines.append("") } }

    /// A line that counts.
    mutating func use(_ line: String) { lines.append(line) }

    /// A line that would count without its `#`, which stands at `column`, or before its first word.
    ///
    /// - Parameter isRemark: it is one already.
    mutating func example(_ line: String, column: Int? = nil, isRemark: Bool = false) {
        if examplesToo || isRemark { return lines.append(line) }
        let indent = column ?? line.prefix { $0 == " " }.count
        lines.append("\(line.prefix(indent))# \(line.dropFirst(indent))")
    }

    mutating func remark(_ text: String, indent: Int = 0) {
        lines += Self.wrapped(text, width: 120 - indent).map { String(repeating: " ", count: indent) + $0 }
    }

    /// A remark in lines of at most `width` columns, as far as its words allow.
    static func wrapped(_ text: String, width: Int = 120) -> [String] {
        var lines = ["#"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + 1 + word.count > width, lines[lines.count - 1] != "#" { lines.append("#") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines
    }

    /// A text as a value of YAML: as it is where that cannot be misread, else in quotes with escapes.
    static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "_-./+".utf8.contains(byte)
                }
            } && PathText.looksLikePath(text)
        if isPlain { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isEscaped(scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let (mark, width) = scalar.value > 0xFFFF ? ("U", 8) : scalar.value > 0xFF ? ("u", 4) : ("x", 2)
                result += "\\\(mark)" + String(repeating: "0", count: width - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Control characters, what breaks lines, what is invisible or turns the order of reading, and noncharacters.
    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: true
        default: false
        }
    }
}
