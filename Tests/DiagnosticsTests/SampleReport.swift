import Diagnostics

/// A report with what renderers stumble over: several files, places on several lines, characters with a meaning in the format.
enum SampleReport {
    static let report: Report = Report([
        first, Findings(path: "conf, d/fine.yaml", diagnostics: []),
        Findings(
            path: "/absent.yaml", diagnostics: [Diagnostic(.noFile, "/absent.yaml: no such file", notes: ["name a configuration with -f FILE"])]),
    ])

    private static var first: Findings {
        var sources = SourceMap()
        let text =
            "backend: mlx\nbackends:\n  mlx:\n    cache_slot: 4\n    description: \"日本 <é> & 100%\" # 😀\n    port: 9001\n    apiKey: sk-canary\n"
            + "routes: [\n  1 ]\n\ttab: \u{1}x\n"
        let file = sources.add(path: "conf, d/ü 100%.yaml", bytes: Array(text.utf8))
        let included = sources.add(path: "b.yaml", bytes: Array("# more\nport: 9001\n".utf8))
        func span(_ part: String) -> SourceSpan {
            let range = text.firstRange(of: part) ?? text.startIndex..<text.startIndex
            return SourceSpan(
                file,
                text.utf8.distance(from: text.startIndex, to: range.lowerBound)..<text.utf8.distance(from: text.startIndex, to: range.upperBound))
        }
        sources.mask(span("sk-canary"))
        var denied = Diagnostic(.unusedKey, "`routes` changes nothing", at: span("[\n  1 ]"), label: "two lines")
        denied.severity = .error
        var note = Diagnostic(.yesNoWord, "a note, that: is one", at: span("\u{1}"), label: "")
        note.severity = .note
        let diagnostics = [
            Diagnostic(.badOverride, "$ANYCLAUDE_PORT: `proxy.port` is 50% wrong,\nin two lines"),
            Diagnostic(
                .unknownKey, "unknown key `cache_slot` in backend `mlx`", at: span("cache_slot"), label: "not a key of a backend",
                secondary: [.init(span("mlx:"), "in this backend")],
                fixes: [Fix("write `cache_slots`", .safe, edits: [.init(span("cache_slot"), "cache_slots")])], path: "/backends/mlx/cache_slot"),
            Diagnostic(.reservedIndicator, "wide characters before", at: span("& 100%"), label: "<here> & \"there\"", notes: ["a: note, 1%"]),
            Diagnostic(
                .sameListener, "two listeners use port 9001", at: SourceSpan(included, 13..<17), label: "asks for it",
                secondary: [.init(span("9001"), "already has it")], fixes: [Fix("choose another port", .suggestion)]),
            Diagnostic(
                .wrongType, "an edit that would repeat a secret", at: span("sk-canary"), label: "masked",
                fixes: [Fix("quote it", .safe, edits: [.init(span("sk-canary"), "\"sk-canary\"")])]),
            Diagnostic(
                .literalSecret, "a secret", at: span("sk-canary"), label: "masked",
                fixes: [Fix("refer to a variable", .placeholder, edits: [.init(span("sk-canary"), "{ env: KEY }")])]),
            denied, note,
            Diagnostic(.withoutEffect, "equal lines have", at: span("tab"), label: "a number"),
            Diagnostic(.withoutEffect, "equal lines have", at: span("tab"), label: "a number"),
        ]
        return Findings(path: "conf, d/ü 100%.yaml", diagnostics: diagnostics, sources: sources)
    }
}
