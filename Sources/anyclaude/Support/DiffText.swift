import JSON
import LaunchPlan

/// What a plan would do, for people: each service with what happens to it, and the values that are the reason.
struct DiffText {
    let style: Style

    func lines(_ diff: PlanDiff) -> [String] {
        diff.changes.flatMap { change in [head(change)] + causes(change) }
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
        let name = style.bold(change.service)
        return switch change.action {
        case .create: "\(style.good("+")) \(name)  start"
        case .stop: "\(style.error("-")) \(name)  stop"
        case .replace where change.mode == .overlap: "\(style.warning("~")) \(name)  replace  overlap: the old one serves until the new one is ready"
        case .replace: "\(style.warning("~")) \(name)  replace  stop-first: does not serve until the new one is ready"
        case .unchanged: "  \(style.dim("\(change.service)  unchanged"))"
        }
    }

    private func causes(_ change: PlanDiff.Change) -> [String] {
        // A new service was made from every value of its section: those that the file gives are the reason.
        let shown = change.action == .create ? change.causes.filter { $0.source != "default" } : change.causes
        let width = shown.map(\.key.count).max() ?? 0
        let lines = shown.map { cause in
            let values = cause.old == nil ? value(cause.new) : "\(value(cause.old)) -> \(value(cause.new))"
            return "    \(cause.key.padding(to: width))  \(values)  \(style.dim("(\(cause.source))"))"
        }
        if lines.isEmpty, change.action == .replace {
            return ["    \(style.dim("no key of the configuration differs: another version of anyclaude made the current plan"))"]
        }
        return lines
    }

    private func value(_ json: JSON?) -> String {
        guard let json else { return "(none)" }
        let text = Text.line(json.stringValue ?? json.text)
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }
}
