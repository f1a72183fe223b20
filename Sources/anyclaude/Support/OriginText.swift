import ConfigCompiler
import JSON

/// Where values came from, for people: of each key what counts, and what it went before.
struct OriginText {
    let style: Style

    func lines(_ origins: [ValueOrigin]) -> [String] {
        origins.enumerated().flatMap { index, origin in (index == 0 ? [] : [""]) + lines(origin) }
    }

    private func lines(_ origin: ValueOrigin) -> [String] {
        var lines = ["\(style.bold(Text.line(origin.key)))\(origin.candidates.isEmpty ? "" : "  \(value(origin.candidates[0]))")"]
        let width = origin.candidates.map { source($0).count }.max() ?? 0
        for candidate in origin.candidates {
            let text = "\(source(candidate).padding(to: width))  \(value(candidate))\(note(candidate))"
            lines.append(candidate.counts ? "  \(style.good("=")) \(text)" : "  - \(style.dim("\(text)  not used"))")
        }
        if !origin.services.isEmpty { lines.append("    \(style.dim("made into \(origin.services.joined(separator: ", "))"))") }
        if let note = origin.note { lines.append("    \(style.dim(Text.line(note)))") }
        return lines
    }

    private func source(_ candidate: ValueOrigin.Candidate) -> String {
        let place = Text.line(candidate.source)
        return candidate.key.map { "\(place), `\(Text.line($0))`" } ?? place
    }

    private func value(_ candidate: ValueOrigin.Candidate) -> String {
        guard let json = candidate.value else { return "-" }
        return Text.line(json.stringValue ?? json.text)
    }

    private func note(_ candidate: ValueOrigin.Candidate) -> String { candidate.note.map { "  (\(Text.line($0)))" } ?? "" }
}
