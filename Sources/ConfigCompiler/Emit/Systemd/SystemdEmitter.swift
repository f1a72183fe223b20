import JSON
import LaunchPlan

/// A plan as units of systemd, for those who want systemd itself to supervise: one service for each service, one socket for each
/// listener of ours, a target that pulls them, and the files they read. Nothing is read and no secret is resolved.
public struct SystemdEmitter {
    let plan: LaunchPlan
    let bindings: SystemdBindings
    let names: SystemdNames

    /// - Throws: where systemd has no way to say what the plan says, or a hand-made plan has names that are none or numbers beyond all bounds.
    public static func emit(_ plan: LaunchPlan, bindings: SystemdBindings) throws(EmitError) -> Emission {
        try SystemdEmitter(plan: plan, bindings: bindings, names: SystemdNames(instance: plan.instance)).emission()
    }

    private func emission() throws(EmitError) -> Emission {
        for name in [plan.instance] + plan.services.map(\.name) { try Self.checkName(name) }
        var files: [EmittedFile] = []
        var notes = SystemdNotes(plan: plan, bindings: bindings, names: names)
        for service in plan.services {
            if let problem = PlanLimits.problem(service) { throw EmitError(problem, hint: "make the plan again with `anyclaude plan --out FILE`") }
            let context = try SystemdService(service, plan: plan, bindings: bindings, names: names)
            files += try context.files()
            for socket in service.sockets { files.append(try socketUnit(socket, of: service)) }
            files.append(unitFile(names.unit(service.name), try context.unit()))
            notes.add(context)
        }
        files.append(unitFile(names.target, target()))
        return Emission(files: files, notes: notes.all)
    }

    private static func checkName(_ name: String) throws(EmitError) {
        do throws(ValueFault) {
            _ = try TextValue.name(name)
        } catch {
            throw EmitError(
                "`\(SystemdQuoting.comment(name).dropFirst(2))` \(error.message)", hint: "make the plan again with `anyclaude plan --out FILE`")
        }
    }

    private func unitFile(_ name: String, _ text: String) -> EmittedFile { EmittedFile(path: "\(bindings.unitFolder)/\(name)", text: text) }

    private func socketUnit(_ socket: ListenSocket, of service: Service) throws(EmitError) -> EmittedFile {
        try Self.checkName(socket.name)
        var unit = UnitText(instance: plan.instance, description: "anyclaude \(plan.instance): \(socket.name) of \(service.name)")
        unit.set("PartOf", names.target)
        unit.section("Socket")
        switch socket.address {
        case .tcp(let host, let port):
            unit.set("ListenStream", "\(try SystemdAddress.numeric(host, of: service.name)):\(port)")
            unit.set("NoDelay", "yes")
        case .private:
            unit.comment("For probes and metrics, without a token.")
            unit.set("ListenStream", "%t/\(names.stack)/\(service.name).\(socket.name)")
            unit.set("SocketMode", "0600")
            unit.set("RemoveOnStop", "yes")
        }
        unit.set("FileDescriptorName", socket.name)
        unit.set("Service", names.unit(service.name))
        return unitFile(names.socket(service.name, socket.name), unit.text)
    }

    private func target() -> String {
        var unit = UnitText(instance: plan.instance, description: "anyclaude \(plan.instance): local models behind the Anthropic API")
        let sockets = plan.services.flatMap { service in service.sockets.map { names.socket(service.name, $0.name) } }
        for name in plan.services.map({ names.unit($0.name) }) + sockets { unit.set("Wants", name) }
        unit.gap()
        for note in SystemdNotes.general { unit.comment(note) }
        unit.section("Install")
        unit.set("WantedBy", bindings.manager == .system ? "multi-user.target" : "default.target")
        return unit.text
    }
}

enum SystemdAddress {
    /// Where a service answers that listens on `host`: one on all addresses does so at the machine's own, of the same family.
    static func reachable(_ host: String) -> String { HostName.isWildcard(host) ? (host.contains(":") ? "::1" : "127.0.0.1") : host }

    /// In the form that systemd listens on: it asks no resolver.
    static func numeric(_ host: String, of service: String) throws(EmitError) -> String {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") { return "127.0.0.1" }
        let bare = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        if bare.contains(":"), HostName.isValid(bare) { return "[\(bare)]" }
        let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else {
            throw EmitError(
                "systemd listens on numeric addresses only, `\(SystemdQuoting.comment(host).dropFirst(2))` of \(service) is a name",
                hint: "write the address that it stands for")
        }
        return bare
    }
}
