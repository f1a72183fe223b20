import LaunchPlan

extension LaunchPlan {
    /// The variables that the plan's secrets are read from, sorted.
    public var secretVariables: [String] {
        var names: Set<String> = []
        for service in services {
            for case .env(let name) in service.secretReferences { names.insert(name) }
        }
        return names.sorted()
    }

    /// What `apply` sends: the values of those that are set where it runs.
    public func secretValues(in environment: [String: String]) -> [String: String] {
        var values: [String: String] = [:]
        for name in secretVariables { values[name] = environment[name] }
        return values
    }
}
