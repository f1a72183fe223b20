import Control
import LaunchPlan

/// What an apply, a rollback or a stop has done so far, service by service: the state behind the live view, without a terminal.
struct ProgressModel {
    struct Row: Equatable {
        var service: String
        var state: ServiceState?
        var message: String
        /// When it came into this state, in milliseconds since the request.
        var sinceMs: Int
    }

    private(set) var rows: [Row] = []
    /// What is going on with the whole, as `preflight` or `probation`.
    private(set) var phase = ""
    private(set) var outcome: Outcome?
    /// Services of which two instances run for a time.
    private var overlapping: Set<String> = []

    mutating func take(_ event: ProgressEvent) {
        if let diff = event.diff {
            for change in diff.changes where change.action != .unchanged { update(change.service, nil, Self.text(of: change), event.elapsedMs) }
            overlapping = Set(diff.changes.filter { $0.mode == .overlap }.map(\.service))
        }
        if let service = event.service, let state = event.state, isOfOldInstance(service, state) {
            update(service, nil, "the old one finishes what it has begun", event.elapsedMs)
        } else if let service = event.service {
            update(service, event.state, event.message, event.elapsedMs)
        } else if let message = event.message {
            phase = message
        }
        if let outcome = event.outcome { self.outcome = outcome }
    }

    /// Where the new instance is ready, what stops is the old one.
    private func isOfOldInstance(_ service: String, _ state: ServiceState) -> Bool {
        guard overlapping.contains(service), state == .stopping || state == .stopped else { return false }
        return rows.contains { $0.service == service && $0.state == .ready }
    }

    private mutating func update(_ service: String, _ state: ServiceState?, _ message: String?, _ elapsedMs: Int) {
        guard let index = rows.firstIndex(where: { $0.service == service }) else {
            rows.append(Row(service: service, state: state, message: message ?? "", sinceMs: elapsedMs))
            return
        }
        if let state, rows[index].state != state {
            rows[index].state = state
            rows[index].sinceMs = elapsedMs
            rows[index].message = ""
        }
        if let message { rows[index].message = message }
    }

    static func text(of change: PlanDiff.Change) -> String {
        switch (change.action, change.mode) {
        case (.replace, .overlap?): "to be replaced without a gap"
        case (.replace, _): "to be replaced, stopped first"
        case (.create, _): "to be started"
        case (.stop, _): "to be stopped"
        case (.unchanged, _): ""
        }
    }
}
