import Diagnostics

/// What `validate --fix` changed, for people.
struct RepairText {
    let style: Style

    func lines(_ repair: Repair) -> [String] {
        guard !repair.changes.isEmpty else { return [] }
        let changes = repair.changes.flatMap { change -> [String] in
            let head = "\(style.good("fixed"))[\(change.code.rawValue)] \(change.place): \(change.description)"
            guard let lines = change.lines else { return [head] }
            return [head, style.error("  - \(lines.before)"), style.good("  + \(lines.after)")]
        }
        return changes + ["\(repair.changes.count) safe fix\(repair.changes.count == 1 ? "" : "es") applied to \(repair.findings.path)"]
    }
}
