import ConfigurationTwins
import JSON
import LaunchPlan
import Testing

@Suite struct DifferenceTests {
    private func paths(_ old: JSON, _ new: JSON) -> [String] { Difference.between(old, new).map(\.path) }

    @Test func placesAreTheDeepestThatSayIt() {
        let old: JSON = ["name": "w", "argv": ["a", "b"], "probes": ["startup": ["period_ms": 1]], "gone": 1]
        let new: JSON = ["name": "w", "argv": ["a", "c"], "probes": ["startup": ["period_ms": 2]], "come": [1]]
        #expect(
            Difference.between(old, new) == [
                Difference(path: "argv[1]", old: "b", new: "c"), Difference(path: "probes.startup.period_ms", old: 1, new: 2),
                Difference(path: "gone", old: 1, new: nil), Difference(path: "come", old: nil, new: [1]),
            ])
    }

    @Test func elementsWithNamesAreComparedByName() {
        let old: JSON = ["sockets": [["name": "http", "port": 1], ["name": "probe"]]]
        let new: JSON = ["sockets": [["name": "probe"], ["name": "http", "port": 2]]]
        #expect(paths(old, new) == ["sockets[http].port"])
        #expect(paths(["a": [["name": "x"], ["name": "y"]]], ["a": [["name": "y"], ["name": "x"]]]) == ["a"])
        #expect(paths(["a": [["name": "x"]]], ["a": [["name": "y"]]]) == ["a[x]", "a[y]"])
    }

    @Test func whatWasPutIntoAListIsNamedAlone() {
        #expect(Difference.between(["a", "b", "c"], ["a", "x", "b", "c"]) == [Difference(path: "[1]", old: nil, new: "x")])
        #expect(Difference.between(["a", "b", "c"], ["a"]) == [Difference(path: "[1...2]", old: ["b", "c"], new: nil)])
        #expect(Difference.between(["a", "a"], ["a"]) == [Difference(path: "[1]", old: "a", new: nil)])
        #expect(Difference.between([], [1]) == [Difference(path: "[0]", old: nil, new: 1)])
    }

    @Test func keysWithDotsAreNotTakenForPaths() {
        #expect(paths(["secrets": ["backends.x.apiKey": 1]], ["secrets": [:]]) == ["secrets[backends.x.apiKey]"])
        #expect(paths(1, [1]) == [""])
    }

    private func random(_ generator: inout some RandomNumberGenerator, _ depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &generator) {
        case 0: return .null
        case 1: return .integer(Int.random(in: 0...2, using: &generator))
        case 2: return .string(["a", "b.c", ""].randomElement(using: &generator) ?? "")
        case 3: return .bool(Bool.random(using: &generator))
        case 4: return .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in random(&generator, depth - 1) })
        default:
            return .object(
                JSONObject(
                    (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                        .init(key: ["a", "b", "name"].randomElement(using: &generator) ?? "", value: random(&generator, depth - 1))
                    }))
        }
    }

    /// There is a difference exactly where the values are not the same, and none of them says the same twice.
    @Test func nothingIsOverlooked() {
        var generator = SplitMix(seed: 23)
        for _ in 0..<5000 {
            let (old, new) = (random(&generator, 4), random(&generator, 4))
            let differences = Difference.between(old, new)
            #expect(differences.isEmpty == (old == new), "\(old.text) \(new.text)")
            #expect(differences.allSatisfy { $0.old != $0.new }, "\(old.text) \(new.text)")
            #expect(Difference.between(old, old).isEmpty)
        }
    }
}
