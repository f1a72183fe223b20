import Diagnostics

/// What workers that run on demand must be: alone in their coming and going, and with room for each.
struct OnDemandChecks {
    let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    var findings: [Diagnostic] {
        let workers = configuration.workers.map(\.backend)
        let onDemand = workers.filter(\.isOnDemand)
        guard !onDemand.isEmpty else { return [] }
        let names = Set(onDemand.map(\.name))
        return onDemand.compactMap(overlap)
            + workers.flatMap { backend in
                backend.dependencies.filter { names.contains($0.text) }.map { dependency($0, of: backend) }
            } + room(onDemand, workers)
    }

    private func overlap(_ backend: Backend) -> Diagnostic? {
        guard backend[BackendKeys.replace] == .overlap, let span = backend.section.span(of: BackendKeys.replace) else { return nil }
        return Diagnostic(
            .overlapImpossible, "a worker on demand cannot be replaced by overlap", at: span, label: "two of it would need room",
            secondary: backend.section.field(BackendKeys.idle)?.keySpan.map { [.init($0, "it runs on demand")] } ?? [],
            fixes: [Fix("write `stop-first`", .suggestion, edits: [.init(span, "\"stop-first\"")])], path: "/backends/\(backend.name)/replace")
    }

    private func dependency(_ name: PlacedName, of backend: Backend) -> Diagnostic {
        let other = configuration.backend(name.text)
        return Diagnostic(
            .badDependency, "`\(name.text)` runs on demand only", at: name.span, label: "backend `\(backend.name)` waits for it",
            secondary: other?.section.field(BackendKeys.idle)?.keySpan.map { [.init($0, "on demand")] } ?? [],
            notes: ["a worker that others need always runs: leave its `idle` out"], path: "/backends/\(backend.name)/dependsOn")
    }

    private func room(_ onDemand: [Backend], _ workers: [Backend]) -> [Diagnostic] {
        guard let budget = configuration.memoryBudget else { return [] }
        let place = configuration.file[FileKeys.budget]?.span(of: BudgetKeys.memory)
        let secondary: [Diagnostic.Secondary] = place.map { [.init($0, "the budget")] } ?? []
        func memory(_ backend: Backend) -> Int? { backend[BackendKeys.resources]?[ResourceKeys.memory] }
        let always = workers.filter { !$0.isOnDemand }.compactMap(memory).reduce(
            configuration.proxy[ProxyKeys.resources]?[ResourceKeys.memory] ?? 0, +)
        return onDemand.compactMap { backend in
            let path = "/backends/\(backend.name)/resources/memory"
            guard let needed = memory(backend) else {
                if backend.section.isFaulty(BackendKeys.resources) { return nil }
                return Diagnostic(
                    .noRoomOnDemand, "backend `\(backend.name)` runs on demand and does not say how much memory it needs",
                    at: backend.section.field(BackendKeys.idle)?.keySpan ?? backend.nameSpan, label: "shares the budget with others",
                    secondary: secondary,
                    notes: ["`resources: { memory: 6GiB }` says it; `anyclaude check-setup` shows what its model takes"], path: path)
            }
            guard always + needed > budget else { return nil }
            let others = always > 0 ? " beside \(Self.text(always)) of what always runs" : ""
            return Diagnostic(
                .noRoomOnDemand, "backend `\(backend.name)` never fits into the memory budget",
                at: backend[BackendKeys.resources]?.span(of: ResourceKeys.memory),
                label: "\(Self.text(needed))\(others), of \(Self.text(budget))", secondary: secondary, path: path)
        }
    }

    private static func text(_ bytes: Int) -> String {
        for (shift, unit) in [(30, "GiB"), (20, "MiB")] where bytes % (1 << shift) == 0 { return "\(bytes >> shift) \(unit)" }
        return "\(bytes) bytes"
    }
}
