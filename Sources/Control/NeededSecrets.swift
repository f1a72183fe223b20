import LaunchPlan

extension LaunchPlan {
    /// The variables that the plan's secrets are read from, sorted.
    public var secretVariables: [String] {
        let references = services.flatMap { service in
            Array(service.secrets.values) + service.environment.values.flatMap(\.secrets) + service.argv.flatMap(\.secrets)
                + service.files.flatMap { $0.contents.flatMap(\.secrets) }
        }
        let names = references.compactMap { reference -> String? in
            if case .env(let name) = reference { name } else { nil }
        }
        return Set(names).sorted()
    }

    /// What `apply` sends: the values of those that are set where it runs.
    public func secretValues(in environment: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: secretVariables.compactMap { name in environment[name].map { (name, $0) } })
    }
}
