import Diagnostics

/// What workers may wait for: other workers that are started here, and none that waits for them.
struct DependencyChecks {
    let configuration: Configuration
    private(set) var diagnostics: [Diagnostic] = []

    init(_ configuration: Configuration) { self.configuration = configuration }

    mutating func run() {
        let workers = Set(configuration.workers.map(\.backend.name))
        for backend in configuration.backends {
            let isStarted = workers.contains(backend.name)
            for name in backend.dependencies where isStarted ? !workers.contains(name.text) : configuration.backend(name.text) == nil {
                report(name, of: backend)
            }
        }
        cycles()
    }

    private mutating func report(_ name: PlacedName, of backend: Backend) {
        let other = configuration.backend(name.text)
        let why = other.map { $0.engine(isNeeded: true).reason }
        let near = other == nil ? Spelling.nearest(to: name.text, among: configuration.backends.map(\.name)) : nil
        diagnostics.append(
            Diagnostic(
                .badDependency, "`\(name.text.prefix(64))` is not a worker that is started here", at: name.span,
                label: "backend `\(backend.name)` waits for it", secondary: other?.nameSpan.map { [.init($0, "this backend")] } ?? [],
                notes: why.map { [$0] } ?? [],
                fixes: near.map { [Fix("a similar name exists", .suggestion, edits: [.init(name.span, "\"\($0)\"")])] } ?? [],
                path: "/backends/\(backend.name)/dependsOn"))
    }

    /// Each circle is said once, at the name that closes it.
    private mutating func cycles() {
        var finished: Set<String> = []
        for start in configuration.backends {
            var path: [PlacedName] = []
            follow(start.name, &path, &finished)
        }
    }

    /// - Parameter path: the names that led here, each the dependency of the one before. At most as deep as there are workers.
    private mutating func follow(_ name: String, _ path: inout [PlacedName], _ finished: inout Set<String>, from first: String? = nil) {
        guard !finished.contains(name), let backend = configuration.backend(name) else { return }
        let first = first ?? name
        for dependency in backend.dependencies {
            let names = [first] + path.map(\.text)
            if let index = names.firstIndex(of: dependency.text) {
                let circle = names[index...] + [dependency.text]
                diagnostics.append(
                    Diagnostic(
                        .dependencyCycle, "workers wait for each other", at: dependency.span, label: "closes the circle",
                        secondary: path.dropFirst(index).map { .init($0.span, "waits for `\($0.text)`") },
                        notes: [circle.map { "`\($0)`" }.joined(separator: " waits for ")], path: "/backends/\(name)/dependsOn"))
                continue
            }
            path.append(dependency)
            follow(dependency.text, &path, &finished, from: first)
            path.removeLast()
        }
        finished.insert(name)
    }
}
