import Diagnostics
import JSON
import LaunchPlan

/// All that a compilation keeps of where its values came from. Nothing is worked out before it is asked for.
public struct ValueOrigins: Sendable {
    let configuration: Configuration
    /// What the files say, before flags and variables.
    let given: Section
    let overrides: [OverrideApplication.Applied]
    let replaced: [TreeMerge.Replaced]
    let plan: LaunchPlan
    let provenance: Provenance
    let sources: SourceMap

    /// The values of a key (`proxy.port`), of a key of all backends or routes (`backends.*.port`, `routes[].to`), of all keys of a mapping
    /// (`proxy`), or of all keys of a name (`port`), in the order of the table of keys.
    public func values(of key: String) throws(UnknownKey) -> [ValueOrigin] {
        try KeyQuery(configuration).targets(of: key).map(origin)
    }

    private func origin(_ target: KeyQuery.Target) -> ValueOrigin {
        let key = target.text
        if let unused = target.spec.unused { return ValueOrigin(key: key, candidates: [], services: [], note: "not used: \(unused.reason)") }
        if case .files = target.spec.type { return files(key) }
        if case .anything = target.spec.type { return ValueOrigin(key: key, candidates: [], services: [], note: "not used: \(target.spec.doc)") }
        var candidates = written(target)
        if let older = KeyTable.rows.first(where: { $0.spec.deprecatedBy == key }) {
            let twin = KeyQuery.Target(path: older.path.split(separator: ".").map(String.init), spec: older.spec)
            candidates += written(twin).map { candidate in
                var copy = candidate
                copy.key = copy.key ?? older.path
                return copy
            }
        }
        let derived = DerivedValues(origins: self).candidates(target)
        candidates += derived
        // What the default says in words is said by what follows from other keys.
        if derived.isEmpty || target.spec.defaultValue != nil { candidates.append(otherwise(target.spec)) }
        candidates[0].counts = true
        let services = services(target, candidates[0].key)
        return ValueOrigin(key: key, candidates: candidates, services: services, note: note(target, services))
    }

    /// - Parameter other: the key that the value was written under, where that is another one.
    private func services(_ target: KeyQuery.Target, _ other: String?) -> [String] {
        let keys = Set([target.text] + [other].compactMap { $0 })
        let all = provenance.inputs.filter { $0.value.contains { keys.contains($0.key) } }.map(\.key).sorted()
        // A key of the whole file stands for that of each backend: what others are made from it is theirs.
        guard target.path.count > 2, target.path[0] == FileKeys.backends.name, let other, !other.hasPrefix("\(FileKeys.backends.name).") else {
            return all
        }
        return all.filter { $0 == target.path[1] }
    }

    /// What flags, variables and files say.
    private func written(_ target: KeyQuery.Target) -> [ValueOrigin.Candidate] {
        let overriding = overrides.reversed().filter { $0.path == target.path }.map { applied in
            let isFlag = if case .flag = applied.origin { true } else { false }
            return ValueOrigin.Candidate(kind: isFlag ? .flag : .variable, value: applied.value.json, source: applied.origin.text(sources))
        }
        guard let field = given.field(at: target.path) else { return overriding + shadowed(target) }
        let own = ValueOrigin.Candidate(kind: .file, value: field.value.json, source: field.origin.text(sources))
        return overriding + [own] + losers(target.path, field.origin.span).map { candidate($0, target.spec) } + shadowed(target)
    }

    /// The values at `path` that lost to the one at `winner`, each before those that lost to it.
    private func losers(_ path: [String], _ winner: SourceSpan?) -> [SyntaxNode] {
        guard let winner else { return [] }
        return replaced.filter { $0.winner == winner && given.scope.canonical($0.path) == path }.flatMap { loser in
            [loser.node] + losers(path, loser.node.span)
        }
    }

    /// What was said about the key in a mapping or list that was replaced as a whole.
    private func shadowed(_ target: KeyQuery.Target) -> [ValueOrigin.Candidate] {
        (1..<max(1, target.path.count)).reversed().flatMap { length -> [ValueOrigin.Candidate] in
            let prefix = Array(target.path.prefix(length))
            return losers(prefix, given.field(at: prefix)?.origin.span).compactMap { node in
                let text = KeyQuery.Target(path: prefix, spec: target.spec).text
                if case .sequence = node.value {
                    return .init(kind: .file, key: text, source: sources.place(of: node.span), note: "the whole list is replaced")
                }
                guard let inner = given.scope.node(at: target.path, below: length, in: node) else { return nil }
                var result = candidate(inner, target.spec)
                result.note = "all of `\(text)` is replaced"
                return result
            }
        }
    }

    /// A value that is not used is checked as any other: what it may not hold is not shown.
    private func candidate(_ node: SyntaxNode, _ spec: KeySpec) -> ValueOrigin.Candidate {
        var checker = Checker(sources: sources)
        let value = checker.value(node, spec, Place())
        return .init(kind: .file, value: value?.json, source: sources.place(of: node.span), note: value == nil ? "not a usable value" : nil)
    }

    private func otherwise(_ spec: KeySpec) -> ValueOrigin.Candidate {
        let note = spec.defaultNote ?? (spec.defaultValue == nil ? "not given" : nil)
        return .init(kind: .default, value: spec.defaultValue?.json, source: Provenance.Input.defaultSource, note: note)
    }

    private func files(_ key: String) -> ValueOrigin {
        let candidates = sources.files.map { ValueOrigin.Candidate(kind: .file, source: $0.path, counts: true) }
        return ValueOrigin(key: key, candidates: candidates, services: [], note: "the files that are read")
    }

    private func note(_ target: KeyQuery.Target, _ services: [String]) -> String? {
        if provenance.whole?.contains(where: { $0.key == target.text }) == true, services.isEmpty { return "of the plan as a whole" }
        guard target.path.count > 2, target.path[0] == FileKeys.backends.name, let backend = configuration.backend(target.path[1]) else { return nil }
        if target.spec.name == BackendKeys.dependsOn.name, !services.isEmpty { return startedOnly(for: backend) }
        guard services.isEmpty else { return nil }
        let nothing = "no service is made from it: "
        if !configuration.needed.contains(where: { $0.name == backend.name }) {
            return nothing + (backend.isEnabled ? Backend.notNeeded : Backend.disabled)
        }
        let engine = configuration.workers.first { $0.backend.name == backend.name }?.engine
        let path = target.path.dropFirst(2).joined(separator: ".")
        guard let engine, EngineChecks.unusable(engine).contains(path) else { return nil }
        return "\(nothing)engine `\(engine.rawValue)` has no use for it"
    }

    /// The workers that neither a request nor another worker would have started.
    private func startedOnly(for backend: Backend) -> String? {
        let workers = configuration.workers.map(\.backend)
        let dependencies = Dictionary(workers.map { ($0.name, $0.dependencies.map(\.text)) }, uniquingKeysWith: { first, _ in first })
        var started = Set(configuration.reachable.map(\.name))
        var open = Array(started)
        while let name = open.popLast() {
            // As if it waited for nothing.
            guard name != backend.name else { continue }
            for other in dependencies[name] ?? [] where started.insert(other).inserted { open.append(other) }
        }
        let names = workers.map(\.name).filter { !started.contains($0) && $0 != backend.name }.map { "`\($0)`" }
        return names.isEmpty ? nil : "without it \(names.joined(separator: ", ")) would not be started"
    }
}
