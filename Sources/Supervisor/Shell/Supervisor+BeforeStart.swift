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

    /// Answered by `spawned` or `spawnFailed`, and by `gone` where the run is asked to end while it is prepared.
    func start(_ unit: Int, _ run: Int) {
        guard let service = core.units[unit]?.service, service.store != nil else { return launch(unit, run) }
        do throws(OperationError) {
            // Who holds the port may have the store too.
            try checkPort(service)
        } catch {
            return startFailed(unit, run, service, error)
        }
        let preparation = Preparations.Run(unit: unit, run: run, service: service.name)
        if preparations.add(preparation) { prepare(preparation) }
    }

    /// Nothing exists of the run but what is done for its start.
    func giveUpStart(_ unit: Int, _ run: Int) {
        if preparations.giveUp(unit, run) { handle(unit, .gone(run: run)) }
    }

    /// On a thread of its own: a store of long prompts takes a while to read, and a disk may not answer at all.
    private func prepare(_ run: Preparations.Run) {
        let store: TextgenStore?
        do throws(OperationError) {
            store = try self.store(of: run.unit)
        } catch {
            return prepared([], error)
        }
        guard let store else { return prepared([], nil) }
        let mailbox = mailbox
        do throws(OperationError) {
            try SideThread.run {
                let result: Result<[TextgenStore.Damage], OperationError>
                do throws(OperationError) { result = .success(try store.mend()) } catch { result = .failure(error) }
                mailbox.post { supervisor in
                    switch result {
                    case .success(let damage): supervisor.prepared(damage, nil)
                    case .failure(let error): supervisor.prepared([], error)
                    }
                }
            }
        } catch {
            prepared([], error)
        }
    }

    private func store(of unit: Int) throws(OperationError) -> TextgenStore? {
        guard let store = core.units[unit]?.service.store else { return nil }
        let roots = roots(of: unit)
        let model = try store.model.map { path throws(OperationError) in try resolve(path, roots) }
        return TextgenStore(home: try resolve(store.path, roots), model: model)
    }

    /// What is lost is said; a store that cannot be mended is no reason not to start.
    private func prepared(_ damage: [TextgenStore.Damage], _ error: OperationError?) {
        guard let name = preparations.current?.run.service else { return }
        for damage in damage { log.write(.warning, "\(name): \(damage.text)") }
        if let error { log.write(.error, "\(name): its store cannot be mended: \(error.message)" + (error.hint.map { " (\($0))" } ?? "")) }
        let (ready, next) = preparations.finish()
        if let ready { launch(ready.unit, ready.run) }
        if let next { prepare(next) }
    }
}
