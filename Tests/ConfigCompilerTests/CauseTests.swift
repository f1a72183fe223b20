import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// `plan` names the lines that caused each change.
@Suite struct CauseTests {
    private func causes(_ old: Compilation, _ new: Compilation) throws -> [String: [String]] {
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        return Dictionary(
            uniqueKeysWithValues: diff.changes.filter { $0.action != .unchanged }.map { change in
                (change.service, change.causes.map { "\($0.key) \($0.source)\($0.new == nil ? " gone" : "")" })
            })
    }

    private static let two = """
        backend: a
        backends:
          a: { kind: vllm-mlx, model: ./a, port: 8081 }
          b: { kind: vllm-mlx, model: ./b, port: 8082 }

        """

    @Test func theActiveBackend() throws {
        let changed = try causes(compile(Self.two), compile(Self.two.replacing("backend: a", with: "backend: b")))
        #expect(changed == ["a": ["backend test.yaml:1:10"], "b": ["backend test.yaml:1:10"], "proxy": ["backend test.yaml:1:10"]])
        let flagged = try causes(compile(Self.two), compile(Self.two, flags: [.backend("b")]))
        #expect(flagged["b"] == ["backend --backend"])
    }

    @Test func aRoute() throws {
        let routed = Self.two + "routes:\n  - match: { model: \"*haiku*\" }\n    to: b\n"
        let added = try causes(compile(Self.two), compile(routed))
        #expect(added["b"] == ["routes[0].to test.yaml:7:9"])
        #expect(added["proxy"] == ["routes[0].match.model test.yaml:6:21", "routes[0].to test.yaml:7:9"])
        #expect(added["a"] == nil)
        let removed = try causes(compile(routed), compile(Self.two))
        #expect(removed["b"] == ["routes[0].to test.yaml:7:9 gone"])
        let elsewhere = try causes(compile(routed), compile(routed.replacing("to: b", with: "to: a")))
        #expect(elsewhere["proxy"] == ["routes[0].to test.yaml:7:9"])
        #expect(elsewhere["b"] == ["routes[0].to test.yaml:7:9"])
        let matched = try causes(compile(routed), compile(routed.replacing("*haiku*", with: "*sonnet*")))
        #expect(matched == ["proxy": ["routes[0].match.model test.yaml:6:21"]])
    }

    @Test func aBackendThatIsNotStartedAnyMore() throws {
        let routed = Self.two + "routes: [{ to: b }]\n"
        let left = try causes(compile(routed), compile(routed.replacing("port: 8082", with: "port: 8082, autoStartServer: false")))
        #expect(left["b"] == ["backends.b.autoStartServer test.yaml:4:65"])
        let away = try causes(compile(routed), compile(routed.replacing("port: 8082", with: "baseUrl: http://10.0.0.9:1/v1")))
        #expect(away["b"]?.contains("backends.b.baseUrl test.yaml:4:45") == true)
        let gone = try causes(compile(Self.two), compile("backend: a\nbackends:\n  a: { kind: lmstudio }\n"))
        #expect(gone["a"]?.contains { $0.hasPrefix("backends.a.kind test.yaml:3:14") } == true)
    }

    @Test func theBackendThatIsTakenWhereNoneIsNamed() throws {
        let text = "backends:\n  lmstudio: { enabled: true }\n  claude: { enabled: false }\n"
        let other = "backends:\n  lmstudio: { enabled: false }\n  claude: { enabled: true }\n"
        let proxy = try #require(try causes(compile(text), compile(other))["proxy"])
        #expect(proxy.contains("backends.claude.enabled test.yaml:3:22") && proxy.contains("backends.lmstudio.enabled test.yaml:2:24"))
    }

    @Test func theBudgetThatLetsACopyRunBesideTheFirst() throws {
        let text = "backend: vllm-mlx\nbudget: { memory: 8GiB }\nbackends:\n  vllm-mlx: { model: ./m, resources: { memory: 3GiB } }\n"
        #expect(try causes(compile(text), compile(text.replacing("8GiB", with: "4GiB"))) == ["vllm-mlx": ["budget.memory test.yaml:2:19"]])
    }

    @Test func whatIsOutsideTheServices() throws {
        let old = compile("backend: claude\nprobation: 1s\n")
        let new = compile("backend: claude\n", flags: [.instance("two")])
        let diff = try PlanDiff.between((try #require(old.plan), old.provenance), (try #require(new.plan), new.provenance))
        let whole = try #require(diff.whole)
        #expect(
            whole.causes.map { "\($0.key) \($0.source) \($0.oldSource ?? "-")" } == [
                "instance --instance default", "probation default test.yaml:2:12",
            ])
    }

    // MARK: each key of each fixture

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

    /// Takes each key away and puts it back: every service that this changes says so with the key's own line.
    @Test(arguments: ["full.yaml", "head.json", "november.json", "migration-before.json", "migration-after.yaml"])
    func everyKeyThatChangesAServiceIsNamed(fixture: String) throws {
        let source = SourceFile(path: fixture, bytes: try Fixtures.bytes("valid/\(fixture)"))
        let json = try #require(SyntaxDump.dump(source, format: nil, limits: SyntaxLimits(), allowDuplicateKeys: false).values.first)
        func compiled(_ json: JSON, _ name: String) -> Compilation { compile(json.prettyText + "\n", name: name) }
        let whole = compiled(json, "whole.json")
        let plan = try #require(whole.plan)
        var changes = 0
        for path in Self.paths(json) {
            let without = compiled(Self.replacing(json, at: path[...], with: nil), "without.json")
            guard let other = without.plan else { continue }
            let lines = try Self.lines(json, at: path)
            func isNamed(_ cause: PlanDiff.Cause) -> Bool {
                [cause.source, cause.oldSource ?? ""].contains { place in
                    let parts = place.split(separator: ":")
                    return parts.count == 3 && parts[0] == "whole.json" && Int(parts[1]).map(lines.contains) == true
                }
            }
            for (old, new) in [((plan, whole.provenance), (other, without.provenance)), ((other, without.provenance), (plan, whole.provenance))] {
                let diff = try PlanDiff.between(old, new)
                for change in diff.changes where change.action != .unchanged {
                    changes += 1
                    #expect(
                        change.causes.contains(where: isNamed),
                        "\(fixture) \(path.joined(separator: ".")): \(change.action) \(change.service) \(change.causes)")
                }
                if let rest = diff.whole, diff.changes.allSatisfy({ $0.action == .unchanged }) {
                    #expect(rest.causes.contains(where: isNamed), "\(fixture) \(path.joined(separator: ".")): \(rest)")
                }
            }
        }
        #expect(changes >= 10)
    }
}
