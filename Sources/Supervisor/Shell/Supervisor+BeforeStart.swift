import Glibc
import Host
import LaunchPlan
import Preflight

/// What is looked at before each start, not only before an apply: the machine may have changed since, and a kill leaves halves.
extension Supervisor {
    /// A program that binds its own port must find it free. Some hang when it is not, and then another program would answer the probes.
    ///
    /// - Throws: with the process that holds the port.
    func checkPort(_ service: Service) throws(OperationError) {
        guard case .tcp(let host, let port)? = service.endpoint else { return }
        let address = try SocketAddress(host: host, port: port)
        switch Sockets.listenTCP(address) {
        case .success(let descriptor): close(descriptor)
        case .failure(let failure): throw failure.explained(address)
        }
    }

    /// What is lost is said; a store that cannot be mended is no reason not to start.
    func mendStore(_ service: Service, _ roots: PlanPath.Bindings) {
        guard let store = service.store else { return }
        do throws(OperationError) {
            let model = try store.model.map { path throws(OperationError) in try resolve(path, roots) }
            let damage = try TextgenStore(home: try resolve(store.path, roots), model: model).mend()
            for damage in damage { log.write(.warning, "\(service.name): \(damage.text)") }
        } catch {
            log.write(.error, "\(service.name): its store cannot be mended: \(error.message)" + (error.hint.map { " (\($0))" } ?? ""))
        }
    }
}
