import JSON
import LaunchPlan

/// A plan as a whole, for people. What a plan of somebody else's holds cannot move the terminal.
struct PlanText {
    let style: Style

    func lines(_ named: NamedPlan) -> [String] {
        var lines = head(named)
        for service in named.plan.services { lines += [""] + ServiceText(style: style).lines(service) }
        if !named.plan.preflight.isEmpty {
            lines += ["", style.bold("checked before an apply")]
            lines += ServiceText.aligned(named.plan.preflight.map { ($0.service, "\($0.text) (\($0.key))") })
        }
        return lines + provenance(named.envelope.provenance)
    }

    private func head(_ named: NamedPlan) -> [String] {
        let plan = named.plan
        var rows: [(String, String)] = [
            ("format", "\(plan.format) \(plan.formatVersion)"), ("instance", plan.instance),
            ("made against", named.envelope.precondition.basePlanId.map { "plan \($0)" } ?? "no plan"),
            ("probation", Text.exact(milliseconds: plan.probationMs)),
        ]
        if !plan.requiredFeatures.isEmpty { rows.insert(("needs", plan.requiredFeatures.joined(separator: ", ")), at: 1) }
        if let budget = plan.memoryBudgetBytes { rows.append(("memory budget", Text.exact(bytes: budget))) }
        if let number = named.generation { rows.append(("generation", "\(number)")) }
        for (root, path) in (named.bindings ?? [:]).sorted(by: { $0.key < $1.key }) { rows.append(("{\(root)}", path)) }
        return ["\(style.bold("plan")) \(named.envelope.planId)"] + ServiceText.aligned(rows)
    }

    private func provenance(_ provenance: Provenance) -> [String] {
        guard !provenance.files.isEmpty else { return [] }
        return ["", style.bold("made from")] + ServiceText.aligned(provenance.files.map { ($0.path, "sha256:\($0.sha256)") })
    }
}

/// One service of a plan.
struct ServiceText {
    let style: Style

    func lines(_ service: Service) -> [String] {
        var rows: [(String, String)] = [("runs", service.argv.map(\.word).joined(separator: " "))]
        if let directory = service.directory { rows.append(("in", directory.description)) }
        rows += service.environment.sorted { $0.key < $1.key }.map { ("variable", "\($0.key)=\($0.value.marked)") }
        rows += service.secrets.sorted { $0.key < $1.key }.map { ("secret", "\($0.key) is \($0.value.text)") }
        for file in service.files {
            rows.append(("writes", file.path.description))
            let text = file.contents.map(\.marked).joined()
            rows += text.split(separator: "\n", omittingEmptySubsequences: false).map { ("", "| \($0)") }
        }
        rows += service.sockets.map { ("listens", "\($0.address.text) as `\($0.name)`") }
        if let endpoint = service.endpoint { rows.append(("answers", endpoint.text)) }
        if !service.dependsOn.isEmpty { rows.append(("waits for", service.dependsOn.joined(separator: ", "))) }
        if service.leases { rows.append(("leases", "asks for the endpoints of other services")) }
        if service.notifies { rows.append(("notifies", "says READY=1 when it is ready")) }
        if let probe = service.probes.startup { rows.append(("startup", probe.text)) }
        if let probe = service.probes.readiness { rows.append(("readiness", probe.text)) }
        if let probe = service.probes.liveness { rows.append(("liveness", probe.text)) }
        rows += [("restarts", service.restart.text), ("stops", "SIGTERM, and SIGKILL after \(Text.exact(milliseconds: service.stop.timeoutMs))")]
        rows.append(("replaced", service.replace.rawValue))
        if let idle = service.idle {
            let end = idle.stopAfterMs.map { "stopped when unused for \(Text.exact(milliseconds: $0))" } ?? "stopped where others need its memory"
            rows.append(("on demand", "started by the first request, \(end)"))
        }
        if let memory = service.resources.memoryBytes { rows.append(("memory", "at most \(Text.exact(bytes: memory))")) }
        if let threads = service.resources.threads { rows.append(("threads", "\(threads)")) }
        rows.append(("log", service.logs.text(of: service.name)))
        if let settings = service.settings {
            rows += settings.prettyText.split(separator: "\n").enumerated().map { ($0.offset == 0 ? "settings" : "", String($0.element)) }
        }
        return ["\(style.bold(Text.line(service.name))) \(style.dim("(\(service.role.rawValue))"))"] + Self.aligned(rows)
    }

    static func aligned(_ rows: [(String, String)]) -> [String] {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "  \(Text.line($0.0).padding(to: width))  \(Text.line($0.1))" }
    }
}

extension PlanValue {
    /// As a word of a command line; quoted where a shell would take it apart.
    fileprivate var word: String {
        let text = marked
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && !"'\"\\$`;&|<>*?()#".utf8.contains($0) }
        return isPlain ? text : Text.shellWord(text)
    }

    /// With secrets as references that cannot be taken for a text.
    fileprivate var marked: String {
        switch self {
        case .text(let text): text
        case .path(let path): path.description
        case .secret(let reference): "<\(reference.text)>"
        case .joined(let parts): parts.map(\.marked).joined()
        }
    }
}

extension ListenSocket.Address {
    fileprivate var text: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .private: "a private socket"
        }
    }
}

extension Endpoint {
    fileprivate var text: String {
        switch self {
        case .socket(let name): "its socket `\(name)`"
        case .tcp(let host, let port): ListenSocket.Address.tcp(host: host, port: port).text
        }
    }
}

extension Probe {
    fileprivate var text: String {
        let question =
            switch check {
            case .http(let path, let endpoint): "GET \(path) at \(endpoint.text)"
            case .post(let path, let body, let endpoint): "POST \(path) at \(endpoint.text) with \(body)"
            case .tcp(let endpoint): "a connection to \(endpoint.text)"
            case .exec(let argv): "`\(argv.map(\.word).joined(separator: " "))` ends with 0"
            }
        let limits = [
            "each \(Text.exact(milliseconds: periodMs))", "within \(Text.exact(milliseconds: timeoutMs))",
            deadlineMs.map { "for at most \(Text.exact(milliseconds: $0))" } ?? "failed after \(failures) misses",
        ]
        return ([question] + limits).joined(separator: ", ")
    }
}

extension RestartPolicy {
    fileprivate var text: String {
        func span(_ milliseconds: Int) -> String { Text.exact(milliseconds: milliseconds) }
        return "after \(span(initialMs)), then twice as long up to \(span(maxMs)), from the start again after a run of \(span(resetAfterMs)); "
            + "more than \(failures) exits in \(span(withinMs)) are a failure, tried again each \(span(slowRetryMs))"
    }
}

extension LogPolicy {
    fileprivate func text(of service: String) -> String {
        "\(file ?? "\(service).log"), exchanged at \(Text.exact(bytes: maxBytes)), \(maxFiles) old ones kept, "
            + (whenFull == .wait ? "the service waits when it is full" : "lines are dropped when it is full")
    }
}
