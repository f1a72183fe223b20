import JSON
import LaunchPlan

/// What a plan would do, for people: each service with what happens to it, and the values that are the reason.
struct DiffText {
    let style: Style

    func lines(_ diff: PlanDiff) -> [String] {
        diff.changes.flatMap { change in [head(change)] + reasons(change) } + whole(diff)
    }

    func summary(_ diff: PlanDiff) -> String {
        let parts = [(PlanDiff.Action.create, "to start"), (.replace, "to replace"), (.stop, "to stop"), (.unchanged, "unchanged")].compactMap {
            action, words -> String? in
            let count = diff.changes.count { $0.action == action }
            return count == 0 ? nil : "\(count) \(words)"
        }
        return parts.isEmpty ? "no services" : parts.joined(separator: ", ")
    }

    private func head(_ change: PlanDiff.Change) -> String {
        let name = style.bold(Text.line(change.service))
        return switch change.action {
        case .create: "\(style.good("+")) \(name)  start"
        case .stop: "\(style.error("-")) \(name)  stop"
        case .replace where change.mode == .overlap: "\(style.warning("~")) \(name)  replace  overlap: the old one serves until the new one is ready"
        case .replace: "\(style.warning("~")) \(name)  replace  stop-first: does not serve until the new one is ready"
        case .unchanged: "  \(style.dim("\(Text.line(change.service))  unchanged"))"
        }
    }

    private func reasons(_ change: PlanDiff.Change) -> [String] {
        // A new service was made from every value of its section: those that somebody gave are the reason.
        let shown = change.action == .create ? change.causes.filter { $0.source != Provenance.Input.defaultSource } : change.causes
        if shown.isEmpty, change.action == .replace { return ["    \(style.dim(Self.otherVersion))"] + differences(change.differences ?? []) }
        return causes(shown)
    }

    private static let otherVersion = "no key of the configuration differs: another version of anyclaude made one of the plans"

    /// What touches no service. The checks before an apply follow from the services, where those have changed.
    private func whole(_ diff: PlanDiff) -> [String] {
        guard let whole = diff.whole else { return [] }
        let head = "\(style.warning("~")) \(style.bold("the plan"))  without a service being touched"
        if !whole.causes.isEmpty { return [head] + causes(whole.causes) }
        let isConsequence = diff.changes.contains { $0.action != .unchanged } && whole.differences.allSatisfy { $0.path.hasPrefix("preflight") }
        return isConsequence ? [] : [head] + differences(whole.differences)
    }

    private func causes(_ causes: [PlanDiff.Cause]) -> [String] {
        let width = causes.map(\.key.count).max() ?? 0
        return causes.map { cause in
            let values = cause.old == nil ? value(cause.new) : "\(value(cause.old)) -> \(value(cause.new))"
            return "    \(Text.line(cause.key).padding(to: width))  \(values)  \(style.dim("(\(Text.line(place(cause))))"))"
        }
    }

    /// Where somebody has to look: a line that is gone is named where no line has taken its place.
    private func place(_ cause: PlanDiff.Cause) -> String {
        guard let old = cause.oldSource, old != Provenance.Input.defaultSource else { return cause.source }
        if cause.new == nil { return "removed; was \(old)" }
        return cause.source == Provenance.Input.defaultSource ? "\(cause.source); was \(old)" : cause.source
    }

    private func differences(_ differences: [Difference]) -> [String] {
        let width = min(40, differences.map(\.path.count).max() ?? 0)
        return differences.map { "    \(Text.line($0.path).padding(to: width))  \(value($0.old)) -> \(value($0.new))" }
    }

    private func value(_ json: JSON?) -> String {
        guard let json else { return "(none)" }
        let text = Text.line(json.stringValue ?? json.text)
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }
}
