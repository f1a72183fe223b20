import Control

/// The status of a stack for people.
struct StatusText {
    let style: Style

    func lines(_ report: StatusReport) -> [String] {
        var lines = [head(report)]
        guard !report.services.isEmpty else { return lines + ["no services: `anyclaude apply` starts them"] }
        var table = Table(["SERVICE", "STATE", "PID", "UP", "RESTARTS", "ENDPOINT", "MESSAGE"], style: style)
        let view = LiveView(style: style, width: 80)
        for service in report.services {
            table.add([
                .init(service.name), .init(service.state.rawValue) { view.paint($0, service.state) }, .init(service.pid.map(String.init) ?? "-"),
                .init(service.uptimeMs.map(Text.duration(milliseconds:)) ?? "-"), .init(String(service.restarts)), .init(service.endpoint ?? "-"),
                .init(message(service)),
            ])
        }
        lines += table.lines
        return lines
    }

    private func head(_ report: StatusReport) -> String {
        let generation = report.generation.map { "generation \($0), plan \(Text.shortID(report.planId))" } ?? "nothing applied"
        let folder = report.configDirectory.map { ", from \(Text.line($0))" } ?? ""
        return "\(style.bold(report.instance)): \(generation)\(folder)\(report.busy ? style.warning(", an apply is under way") : "") "
            + style.dim("(supervisor \(report.version), pid \(report.pid))")
    }

    private func message(_ service: ServiceStatus) -> String {
        let parts = [service.message, service.lastExit.map { "last: \($0)" }].compactMap { $0 }.filter { !$0.isEmpty }
        return Text.line(parts.joined(separator: "; "))
    }
}
