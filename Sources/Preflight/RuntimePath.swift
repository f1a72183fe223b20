import Host
import LaunchPlan

/// Unix sockets have short paths; better known now than at the start of the service.
enum RuntimePath {
    /// Nothing where all fit.
    static func results(_ plan: LaunchPlan, runtime: String) -> [PreflightResult] {
        plan.services.compactMap { service in
            let longest = (service.sockets.map(\.name) + ["notify"]).map(\.utf8.count).max() ?? 0
            // A run's number takes its place too: six digits are a restart each minute for a year.
            guard "\(runtime)/\(service.name).000000/".utf8.count + longest > SocketAddress.longestPath else { return nil }
            return PreflightResult(
                service: service.name, key: "instance", check: "the paths of its sockets are short enough",
                findings: [
                    PreflightFinding(
                        .error, "the runtime directory's path is too long for sockets: \(runtime)",
                        hint: "choose a shorter one with ANYCLAUDE_HOME or XDG_RUNTIME_DIR")
                ])
        }
    }
}
