import ConfigurationTwins
import JSON

@testable import ConfigCompiler

/// Configurations made from the table of keys: valid ones, and single changes of them. The same in each run.
struct ConfigurationCorpus {
    struct Case {
        /// What was done where, as `backends.mine.port = 0`.
        var name: String
        var value: JSON
    }

    /// One mapping of a file, alone in an otherwise valid configuration.
    struct Spot {
        var path: String
        var scope: Scope
        /// What the mapping must have for the file to be valid.
        var base: JSONObject
        /// The whole file with the given mapping.
        var wrap: (JSON) -> JSON
    }

    static var spots: [Spot] { spots(Spot(path: "", scope: FileKeys.scope, base: ["backend": "claude"]) { $0 }) }

    private static func spots(_ spot: Spot) -> [Spot] {
        [spot]
            + spot.scope.keys.flatMap { spec -> [Spot] in
                func inner(_ path: String, _ scope: Scope, _ base: JSONObject, _ wrap: @escaping (JSON) -> JSON) -> [Spot] {
                    let outer = spot
                    return spots(
                        Spot(path: path, scope: scope, base: base) { value in
                            var object = outer.base
                            object[spec.name] = wrap(value)
                            return outer.wrap(.object(object))
                        })
                }
                let path = spot.path.isEmpty ? spec.name : "\(spot.path).\(spec.name)"
                switch spec.type {
                case .section(let scope), .optional(let scope): return inner(path, scope, [:]) { $0 }
                case .list(let scope): return inner("\(path)[0]", scope, ["to": "claude"]) { [$0] }
                case .named(let scope):
                    return inner("\(path).vllm-mlx", scope, [:]) { ["vllm-mlx": $0] }
                        + inner("\(path).mine", scope, ["kind": "lmstudio"]) { ["mine": $0] }
                default: return []
                }
            }
    }

    /// Every key of the table with every value, alone; every mapping with keys that it has not, and without those that it needs.
    static func all() -> [Case] {
        var seen: Set<String> = []
        let cases = spots.flatMap { keyCases($0) + shapeCases($0) } + nameCases + clusterCases + boundCases + wholeCases + combinations(400)
        return cases.filter { seen.insert($0.value.text).inserted }
    }

    private static func keyCases(_ spot: Spot) -> [Case] {
        spot.scope.keys.flatMap { spec -> [Case] in
            let path = spot.path.isEmpty ? spec.name : "\(spot.path).\(spec.name)"
            func with(_ members: [(String, JSON)]) -> Case {
                var object = spot.base
                for (key, value) in members { object[key] = value }
                return Case(name: members.map { "\(path): \($0) = \($1.text.prefix(80))" }.joined(separator: ", "), value: spot.wrap(.object(object)))
            }
            let good = CorpusValues.good(spec.type)
            var result = (good + CorpusValues.border(spec.type) + CorpusValues.any).map { with([(spec.name, $0)]) }
            for alias in spec.aliases {
                result += (good + CorpusValues.border(spec.type)).map { with([(alias, $0)]) }
                result.append(with([(spec.name, good[0]), (alias, good[0])]))
                for other in spec.aliases where other != alias { result.append(with([(alias, good[0]), (other, good[0])])) }
            }
            // Near names that are none.
            for wrong in [String(spec.name.dropLast()), spec.name.uppercased(), spec.name + " ", " " + spec.name, "/" + spec.name] {
                result.append(with([(wrong, good[0])]))
            }
            return result
        }
    }

    private static func shapeCases(_ spot: Spot) -> [Case] {
        func of(_ name: String, _ value: JSON) -> Case { Case(name: "\(spot.path): \(name)", value: spot.wrap(value)) }
        var result = [of("base", .object(spot.base))]
        for key in ["nonsense", "", "// x", "//", "/ x", " //", "<<", "ünknown", "__proto__", "include", "$schema", "apiKey", "secret"] {
            var object = spot.base
            object[key] = "x"
            result.append(of("with `\(key)`", .object(object)))
        }
        for member in spot.base.members {
            var object = spot.base
            object[member.key] = nil
            result.append(of("without `\(member.key)`", .object(object)))
        }
        return result + CorpusValues.any.map { of("= \($0.text)", $0) }
    }

    private static let nameCases: [Case] = {
        let names =
            [
                "a", "A", "-a", "a-", "ä", "a.b", "a b", "", "proxy", "Proxy", "mlx-cluster", "9", "//", "// x", "claude ", "vllm_mlx", "a\n",
                String(repeating: "n", count: 32), String(repeating: "n", count: 33),
            ] + BackendKind.choices.flatMap { [$0.name] + $0.aliases }
        let values: [JSON] = [nil, [:], ["kind": "lmstudio"], ["kind": "local"], ["kind": "nothing"], ["kind": nil], [], "x", 1]
        return names.flatMap { name in
            values.map {
                Case(
                    name: "backends.`\(name)` = \($0.text)",
                    value: ["backend": "claude", "backends": .object(JSONObject([.init(key: name, value: $0)]))])
            }
        }
    }()

    private static let clusterCases: [Case] = {
        let node: JSON = ["id": "one", "url": "http://10.0.0.1:8081"]
        let lists: [JSON] = [
            [node], [node, ["nodeId": "two", "url": "http://10.0.0.2:8081/v1"]], [], nil, "x", [nil], [1], [[:]], [["id": "one"]],
            [["url": "http://h"]],
            [["id": 1, "url": "http://h"]], [["id": "A", "url": "http://h"]], [["id": "one", "url": "h"]], [["id": "one", "url": 1]],
            [["id": "one", "url": "http://h", "model": "m"]], [["id": "one", "url": "http://h", "nonsense": 1]],
            [["id": "one", "url": "http://h", "// x": 1]], [["id": "one", "url": "http://h", "port": 0]], [["id": "proxy", "url": "http://h"]],
            [["id": "one", "url": "http://h", "baseUrl": "http://g"]],
        ]
        let discoveries: [JSON] =
            lists.map { ["mode": "static", "nodes": $0] }
            + [
                ["nodes": [node]], ["mode": "dns", "nodes": [node]], ["mode": nil, "nodes": [node]], ["mode": "static"], nil, "x", [],
                ["nodes": [node], "ttl": 5],
            ]
        let clusters: [JSON] =
            discoveries.map { ["discovery": $0] }
            + [
                nil, [:], "x", ["discovery": ["nodes": [node]], "model": "m", "routing": [:], "cache": "x", "health": 1],
                ["discovery": ["nodes": [node]], "model": 1], ["discovery": ["nodes": [node]], "nonsense": 1],
                ["discovery": ["nodes": [node]], "// x": 1],
                ["discovery": ["nodes": [node]], "enabled": true, "apiKey": "local"],
            ]
        return clusters.map { Case(name: "mlx-cluster = \($0.text)", value: ["backend": "claude", "backends": ["mlx-cluster": $0]]) }
    }()

    /// One more than may be, and as many as may be.
    private static let boundCases: [Case] = [1000, 1001].flatMap { count -> [Case] in
        let names = (0..<count).map { JSONObject.Member(key: "b\($0)", value: ["kind": "claude"]) }
        let routes = (0..<count).map { JSON.object(["match": ["model": .string("m\($0)")], "to": "claude"]) }
        return [
            Case(name: "\(count) backends", value: ["backend": "claude", "backends": .object(JSONObject(names))]),
            Case(name: "\(count) routes", value: ["backend": "claude", "routes": .array(routes)]),
        ]
    }

    private static let wholeCases: [Case] = CorpusValues.any.map { Case(name: "the file = \($0.text)", value: $0) }

    // MARK: many keys together

    /// Files of many keys, each other one with one wrong value.
    private static func combinations(_ count: Int) -> [Case] {
        var random = SplitMix(seed: 7)
        return (0..<count).map { index in
            var value = valid(&random)
            if index % 2 == 1 { value = changed(value, &random) }
            return Case(name: "combination \(index)", value: value)
        }
    }

    /// Many keys of the table, each with a value that it takes by itself.
    static func valid(_ random: inout SplitMix) -> JSON { .object(object(FileKeys.scope, ["backend": "claude"], &random)) }

    private static func object(_ scope: Scope, _ base: JSONObject, _ random: inout SplitMix) -> JSONObject {
        var result = base
        for spec in scope.keys where base[spec.name] == nil && random.once(in: 3) {
            switch spec.type {
            case .section(let inner): result[spec.name] = .object(object(inner, [:], &random))
            case .optional(let inner):
                let asked = random.pick(["http", "tcp", "exec"])
                result[spec.name] = .object(
                    JSONObject(object(inner, [:], &random).members.filter { !["http", "tcp", "exec"].contains($0.key) || $0.key == asked }))
            case .list(let inner):
                result[spec.name] = .array((0..<Int.random(in: 0...3, using: &random)).map { _ in .object(object(inner, ["to": "claude"], &random)) })
            case .named(let inner):
                var named = JSONObject()
                for name in ["claude", "lmstudio", "openrouter", "vllm-mlx"] where random.once(in: 2) {
                    var own = object(inner, ["kind": .string(name), "enabled": true], &random)
                    // Nothing is started for a kind that runs elsewhere.
                    if name != "vllm-mlx" { own["engine"] = nil }
                    named[name] = .object(own)
                }
                named["mine"] = .object(object(inner, ["kind": "vllm-mlx"], &random))
                result[spec.name] = .object(named)
            case .files: break
            default: result[random.pick([spec.name] + spec.aliases)] = random.pick(CorpusValues.good(spec.type))
            }
        }
        return result
    }

    /// The value with one scalar or mapping in it exchanged for something else.
    private static func changed(_ value: JSON, _ random: inout SplitMix) -> JSON {
        switch value {
        case .object(var object) where !object.isEmpty && !random.once(in: 12):
            let member = random.pick(object.members)
            object[member.key] = changed(member.value, &random)
            return .object(object)
        case .array(var elements) where !elements.isEmpty && !random.once(in: 12):
            let index = Int.random(in: 0..<elements.count, using: &random)
            elements[index] = changed(elements[index], &random)
            return .array(elements)
        default: return random.pick(CorpusValues.any)
        }
    }
}
