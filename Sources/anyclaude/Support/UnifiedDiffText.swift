import ConfigCompiler
import Diagnostics

/// The difference between two versions of a configuration: as it is for files and pipes, coloured for a terminal.
struct UnifiedDiffText {
    let style: Style
    /// Whether a terminal reads it, which must not obey what a file holds.
    let isTerminal: Bool

    /// With a line break at its end; empty where the two are the same.
    func text(_ diff: UnifiedDiff) -> String {
        guard isTerminal else { return diff.text }
        return diff.lines.map { painted(Text.printable($0.text), $0.kind) + "\n" }.joined()
    }

    private func painted(_ text: String, _ kind: UnifiedDiff.Kind) -> String {
        switch kind {
        case .file: style.bold(text)
        case .hunk: style.hint(text)
        case .removed: style.error(text)
        case .added: style.good(text)
        case .remark: style.dim(text)
        case .context: text
        }
    }
}
