/// The names of the logs that are not called after their service: those that users of the earlier tool look for.
///
/// A file has one writer. So a worker has such a name only where nobody else would write a file of it, and one of its own elsewhere.
struct LogNames {
    /// What an engine calls a log, without `.log`.
    struct Choice {
        var preferred: String
        /// Where that is not free; made of the worker's name.
        var otherwise: String
    }

    /// By worker.
    private(set) var names: [String: String] = [:]
    /// By worker: one that takes the preferred name away.
    private(set) var rivals: [String: Worker] = [:]

    init(_ workers: [Worker]) {
        let choices = workers.compactMap { worker in worker.engine.adapter.log(of: worker).map { (worker: worker, choice: $0) } }
        // `<service>.log` is each service's own, whether or not it writes it; and the supervisor has one.
        var taken = Set(workers.map(\.name) + [ProxyService.name, "supervisor"])
        let services = Dictionary(workers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let claims = Dictionary(grouping: choices, by: \.choice.preferred)
        for (worker, choice) in choices {
            rivals[worker.name] =
                claims[choice.preferred]?.first { $0.worker.name != worker.name }?.worker
                ?? [choice.preferred, choice.otherwise].compactMap { services[$0] }.first { $0.name != worker.name }
        }
        for (worker, choice) in choices where claims[choice.preferred]?.count == 1 && !taken.contains(choice.preferred) {
            names[worker.name] = choice.preferred
        }
        taken.formUnion(names.values)
        for (worker, choice) in choices where names[worker.name] == nil {
            var name = choice.otherwise
            while name != worker.name, taken.contains(name) { name += Self.suffix }
            names[worker.name] = name
            taken.insert(name)
        }
    }

    /// What a second log of a worker has behind the worker's name.
    static let suffix = "-script"
}
