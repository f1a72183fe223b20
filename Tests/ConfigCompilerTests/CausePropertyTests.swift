import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// Keys are taken out of whole configurations and put back: each change names the lines that made it, and no others.
@Suite struct CausePropertyTests {
    /// The paths of all values, deepest last; a secret reference, the variables of a process and a list of texts are one value.
    private static func paths(_ json: JSON, _ path: [String] = []) -> [[String]] {
        var members: [(String, JSON)] = []
        switch json {
        case .object(let object): members = object.members.map { ($0.key, $0.value) }
        case .array(let elements): members = elements.enumerated().map { (String($0.offset), $0.element) }
        default: break
        }
        let isOne =
            path.last == "environment" || members.contains { ["env", "file", "credential"].contains($0.0) }
            || (json.arrayValue?.contains { $0.objectValue == nil } ?? false)
        let own = path.isEmpty ? [] : [path]
        return isOne ? own : own + members.flatMap { paths($0.1, path + [$0.0]) }
    }

    /// The value with another one at `path`, or without it.
    private static func replacing(_ json: JSON, at path: ArraySlice<String>, with value: JSON?) -> JSON {
        guard let first = path.first else { return value ?? .null }
        let isLast = path.count == 1
        switch json {
        case .object(let object):
            return .object(
                JSONObject(
                    object.members.compactMap { member in
                        guard member.key == first else { return member }
                        if isLast { return value.map { .init(key: first, value: $0) } }
                        return .init(key: first, value: replacing(member.value, at: path.dropFirst(), with: value))
                    }))
        case .array(let elements):
            return .array(
                elements.enumerated().compactMap { index, element in
                    guard String(index) == first else { return element }
                    return isLast ? value : replacing(element, at: path.dropFirst(), with: value)
                })
        default: return json
        }
    }

    private static func value(_ json: JSON, at path: [String]) -> JSON? {
        path.reduce(Optional(json)) { value, part in value?[part] ?? Int(part).flatMap { value?[$0] } }
    }

    /// The lines of the value at `path` in the pretty text.
    private static func lines(_ json: JSON, at path: [String]) throws -> ClosedRange<Int> {
        let marked = replacing(json, at: path[...], with: "@@here@@").prettyText.split(separator: "\n")
        let start = try #require(marked.firstIndex { $0.contains("@@here@@") })
        let count = value(json, at: path)?.prettyText.split(separator: "\n").count ?? 1
        return start + 1...start + count
    }

    // MARK: two configurations

    private static let fixtures = ["full.yaml", "head.json", "november.json", "migration-before.json", "migration-after.yaml", "depending"]

    /// Workers that wait for others, that share what the machine has, and of engines with keys of their own.
    private static let depending = """
        backend: a
        pythonVenv: ./venv
        budget: { memory: 5GiB }
        backends:
          a: { kind: vllm-mlx, model: ./a, port: 8091, apiKey: { env: A }, maxTokens: 512, contextWindow: 4096, environment: { A: b }, dependsOn: [d, v] }
          d: { kind: vllm-mlx, engine: llama-server, model: ./d.gguf, port: 8082, dependsOn: [e] }
          e: { kind: vllm-mlx, engine: command, command: [./e], port: 8083, pythonVenv: ./own, maxTokens: 512 }
          v: { kind: vllm-mlx, engine: mlx-lm, model: ./v, port: 8084, maxTokens: 512, contextWindow: 4096, cache: { cache_slots: 4 }, resources: { cpus: 0 } }
          n: { kind: vllm-mlx, model: ./n, port: 8085, resources: { memory: 2GiB, threads: 2 } }
          m: { kind: vllm-mlx, model: ./m, port: 8086, resources: { memory: 2GiB } }
          t: { kind: vllm-mlx, engine: mlx-textgen, model: ./t, port: 8087, contextWindow: 4096, toolCallDialect: glm, cache: { cache_slots: 3 } }
          c: { kind: vllm-mlx, command: [./c], reasoningFormat: think, baseUrl: "http://127.0.0.1:8088/v1" }
          l: { kind: vllm-mlx, engine: mlx-lm, model: ./l, port: 8089 }
        routes:
          - { match: { model: d }, to: n }
          - { match: { model: e }, to: m }
          - { match: { model: t }, to: t }
          - { match: { model: c }, to: c }
          - { match: { model: l }, to: l }

        """

    private static func json(_ fixture: String) throws -> JSON {
        let bytes = fixture == "depending" ? Array(depending.utf8) : try Fixtures.bytes("valid/\(fixture)")
        let source = SourceFile(path: fixture == "depending" ? "depending.yaml" : fixture, bytes: bytes)
        return try #require(SyntaxDump.dump(source, format: nil, limits: SyntaxLimits(), allowDuplicateKeys: false).values.first)
    }

    private struct Variant {
        let json: JSON
        let plan: LaunchPlan
        let provenance: Provenance

        init?(_ json: JSON, _ name: String) {
            let compilation = compile(json.prettyText + "\n", name: name)
            guard let plan = compilation.plan else { return nil }
            self.json = json
            self.plan = plan
            provenance = compilation.provenance
        }

        /// What the file itself says at a key as a cause names it.
        func written(_ key: String) -> JSON? {
            let parts = key.replacing("[", with: ".").replacing("]", with: "").split(separator: ".").map(String.init)
            return CausePropertyTests.value(json, at: parts)
        }
    }

    private static func diff(_ old: Variant, _ new: Variant) throws -> PlanDiff {
        try PlanDiff.between((old.plan, old.provenance), (new.plan, new.provenance))
    }

    /// Whether a cause is on one of the lines of the whole configuration.
    private static func isOn(_ lines: ClosedRange<Int>, _ cause: PlanDiff.Cause) -> Bool {
        [cause.source, cause.oldSource ?? ""].contains { place in
            let parts = place.split(separator: ":")
            return parts.count == 3 && parts[0] == "whole.json" && Int(parts[1]).map(lines.contains) == true
        }
    }

    /// What stands in both files as it did is no cause.
    private static func expectNothingUnchanged(_ diff: PlanDiff, _ old: Variant, _ new: Variant, _ label: String) {
        for change in diff.changes {
            let wrong = change.causes.filter { cause in
                guard let before = old.written(cause.key), let after = new.written(cause.key) else { return false }
                return before == after
            }
            #expect(wrong.isEmpty, "\(label): \(change.action) \(change.service) \(wrong)")
        }
    }

    @Test(arguments: fixtures)
    func everyKeyThatChangesAServiceIsNamed(fixture: String) throws {
        let json = try Self.json(fixture)
        let whole = try #require(Variant(json, "whole.json"))
        var changes = 0
        for path in Self.paths(json) {
            guard let without = Variant(Self.replacing(json, at: path[...], with: nil), "without.json") else { continue }
            let lines = try Self.lines(json, at: path)
            let label = "\(fixture) \(path.joined(separator: "."))"
            for (old, new) in [(whole, without), (without, whole)] {
                let diff = try Self.diff(old, new)
                for change in diff.changes where change.action != .unchanged {
                    changes += 1
                    #expect(change.causes.contains { Self.isOn(lines, $0) }, "\(label): \(change.action) \(change.service) \(change.causes)")
                }
                Self.expectNothingUnchanged(diff, old, new, label)
                if let rest = diff.whole, diff.changes.allSatisfy({ $0.action == .unchanged }) {
                    #expect(rest.causes.contains { Self.isOn(lines, $0) }, "\(label): \(rest)")
                }
            }
        }
        #expect(changes >= 10)
    }

    /// Two keys at once: what one of them does to a service alone it does beside the other, and is named beside it.
    // Those of the migration have one key that changes a service by itself.
    @Test(arguments: fixtures.filter { !$0.hasPrefix("migration") })
    func bothOfTwoKeysAreNamed(fixture: String) throws {
        let json = try Self.json(fixture)
        let whole = try #require(Variant(json, "whole.json"))
        typealias Single = (path: [String], lines: ClosedRange<Int>, away: [String: PlanDiff.Action], back: [String: PlanDiff.Action])
        func actions(_ diff: PlanDiff) -> [String: PlanDiff.Action] {
            Dictionary(uniqueKeysWithValues: diff.changes.filter { $0.action != .unchanged }.map { ($0.service, $0.action) })
        }
        let singles = try Self.paths(json).compactMap { path -> Single? in
            guard let without = Variant(Self.replacing(json, at: path[...], with: nil), "without.json") else { return nil }
            let (away, back) = (actions(try Self.diff(whole, without)), actions(try Self.diff(without, whole)))
            return away.isEmpty ? nil : (path, try Self.lines(json, at: path), away, back)
        }
        var named = 0
        for (index, second) in singles.enumerated() {
            for first in singles[..<index] where !second.path.starts(with: first.path) {
                // The later one first, so that the earlier one is still where it was.
                let rest = Self.replacing(Self.replacing(json, at: second.path[...], with: nil), at: first.path[...], with: nil)
                guard let without = Variant(rest, "without.json") else { continue }
                let label = "\(fixture) \(first.path.joined(separator: ".")) \(second.path.joined(separator: "."))"
                for (old, new, isAway) in [(whole, without, true), (without, whole, false)] {
                    let diff = try Self.diff(old, new)
                    Self.expectNothingUnchanged(diff, old, new, label)
                    for change in diff.changes where change.action != .unchanged {
                        for single in [first, second] where (isAway ? single.away : single.back)[change.service] == change.action {
                            named += 1
                            #expect(
                                change.causes.contains { Self.isOn(single.lines, $0) },
                                "\(label): \(change.action) \(change.service) does not name \(single.path): \(change.causes.map(\.key))")
                        }
                    }
                }
            }
        }
        #expect(named >= 6)
    }

    /// A key that changes nothing of a service, neither by itself nor beside the other one, is not named although it is another.
    @Test func aKeyThatChangesNothingIsNotNamed() throws {
        // The others write what would hold without them too.
        let json = try Self.json("depending")
        let whole = try #require(Variant(json, "whole.json"))
        typealias Single = (path: [String], lines: ClosedRange<Int>, without: Variant)
        // A route's place is part of what it is: those behind it move. A budget that is too small for a copy is as good as none.
        let singles = try Self.paths(json).filter { !["routes", "budget"].contains($0[0]) }.compactMap { path -> Single? in
            guard let without = Variant(Self.replacing(json, at: path[...], with: nil), "without.json") else { return nil }
            return (path, try Self.lines(json, at: path), without)
        }
        var (idle, wrong) = (0, Set<String>())
        for (index, second) in singles.enumerated() {
            for first in singles[..<index] where !second.path.starts(with: first.path) {
                let rest = Self.replacing(Self.replacing(json, at: second.path[...], with: nil), at: first.path[...], with: nil)
                guard let without = Variant(rest, "without.json") else { continue }
                for (one, other) in [(first, second), (second, first)] {
                    func isIdle(_ service: String) -> Bool {
                        let services = [whole, other.without, one.without, without].map { $0.plan.service(named: service) }
                        return services[0] == services[1] && services[2] == services[3]
                    }
                    for change in try Self.diff(whole, without).changes where change.action == .replace && isIdle(change.service) {
                        idle += 1
                        if let cause = change.causes.first(where: { Self.isOn(other.lines, $0) }) {
                            wrong.insert(
                                "\(other.path.joined(separator: ".")) for \(change.service): \(cause.key) \(cause.old?.text ?? "-") \(cause.new?.text ?? "-")"
                            )
                        }
                    }
                }
            }
        }
        #expect(idle >= 6)
        #expect(wrong.isEmpty, "\(wrong.sorted().joined(separator: "\n"))")
    }
}
