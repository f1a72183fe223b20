import JSON
import LaunchPlan

/// The document that a service of ours reads in place of the supervisor's descriptor `settings`.
///
/// There is no supervisor to ask for leases: a backend that is a service of the plan becomes the address on which it listens.
struct EmittedSettings {
    let context: SystemdService

    init(_ context: SystemdService) { self.context = context }

    func document(_ settings: JSON) throws(EmitError) -> String {
        let document = ServiceSettings(
            instance: context.plan.instance, service: context.service.name, bindings: context.roots, settings: try withoutLeases(settings))
        do {
            var members = try JSON(encoding: document).objectValue?.members ?? []
            // The order of a dictionary is another one in each run.
            if let index = members.firstIndex(where: { $0.key == "bindings" }), let bindings = members[index].value.objectValue {
                members[index].value = .object(JSONObject(bindings.members.sorted { $0.key < $1.key }))
            }
            // The marker is in the first line.
            let marker = JSON.string(EmitMarker.line("systemd", instance: context.plan.instance)).text
            let body = JSON.object(JSONObject(members)).prettyText
            return "{ \"//\": \(marker),\n\(body.drop { $0 == "{" || $0 == "\n" })\n"
        } catch {
            throw EmitError("the settings of \(context.service.name) cannot be written: \(error)", hint: "this is a defect of anyclaude")
        }
    }

    private func withoutLeases(_ settings: JSON) throws(EmitError) -> JSON {
        guard context.service.role == .proxy, var object = settings.objectValue, let backends = object["backends"]?.arrayValue else {
            return settings
        }
        var result: [JSON] = []
        for backend in backends {
            guard var members = backend.objectValue, let name = members["target"]?["service"]?["name"]?.stringValue else {
                result.append(backend)
                continue
            }
            members["target"] = ["url": ["base": .string(try base(of: name))]]
            result.append(.object(members))
        }
        object["backends"] = .array(result)
        return .object(object)
    }

    /// Where a worker answers, with `/v1` as every worker has it.
    private func base(of name: String) throws(EmitError) -> String {
        guard let worker = context.plan.service(named: name) else {
            throw EmitError("the proxy needs the service `\(name)`, which the plan does not have", hint: "make the plan again")
        }
        var address: (host: String, port: Int)?
        switch worker.endpoint {
        case .tcp(let host, let port)?: address = (host, port)
        case .socket(let socket)?:
            if case .tcp(let host, let port)? = worker.sockets.first(where: { $0.name == socket })?.address { address = (host, port) }
        case nil: break
        }
        guard let address else {
            throw EmitError("the service `\(name)` has no address of its own", hint: "give it a port")
        }
        let host = SystemdAddress.reachable(address.host)
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(address.port)/v1"
    }
}
