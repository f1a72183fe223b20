import Control

/// The lines of the live view. Pure: the same state and moment give the same lines.
struct LiveView {
    let style: Style
    let width: Int

    private static let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    func lines(_ model: ProgressModel, elapsedMs: Int) -> [String] {
        let names = model.rows.map(\.service.count).max() ?? 0
        var lines = model.rows.map { row in
            let state = row.state?.rawValue ?? "planned"
            let age = row.state == nil ? "" : Text.duration(milliseconds: max(0, elapsedMs - row.sinceMs))
            let name = row.service.padding(to: names)
            let plain = "  \(name)  \(state.padding(to: 9))  \(age.padding(to: 6))  "
            let message = String(Text.line(row.message).prefix(max(0, width - plain.count - 3)))
            return "\(mark(row.state, elapsedMs)) \(name)  \(paint(state.padding(to: 9), row.state))  \(style.dim(age.padding(to: 6)))  \(message)"
        }
        let phase = model.phase.isEmpty ? "working" : Text.line(model.phase)
        let total = Text.duration(milliseconds: elapsedMs)
        lines.append("\(frame(elapsedMs)) \(String(phase.prefix(max(0, width - total.count - 6)))) \(style.dim(total))")
        return lines
    }

    private func frame(_ elapsedMs: Int) -> String { Self.spinner[elapsedMs / 100 % Self.spinner.count] }

    private func mark(_ state: ServiceState?, _ elapsedMs: Int) -> String {
        switch state {
        case nil: style.dim("·")
        case .ready, .idle, .stopped: style.good("✔")
        case .failed: style.error("✘")
        case .backoff, .unready: style.warning("!")
        case .waiting, .starting, .stopping: frame(elapsedMs)
        }
    }

    func paint(_ text: String, _ state: ServiceState?) -> String {
        switch state {
        case .ready: style.good(text)
        case .failed: style.error(text)
        case .backoff, .unready: style.warning(text)
        case nil, .stopped, .idle, .waiting: style.dim(text)
        case .starting, .stopping: text
        }
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
