import JSON
import LaunchPlan
import Testing

/// The causes of changes, from what two provenances say.
@Suite struct PlanDiffTests {
    private typealias Input = Provenance.Input
    private typealias Side = (plan: LaunchPlan, provenance: Provenance)

    private func side(_ workers: [String: Int], probation: Int = 0, _ provenance: Provenance = Provenance(tool: "t")) -> Side {
        let services = workers.map { Service(name: $0.key, role: .worker, argv: ["w", .text("\($0.value)")]) }
        return (LaunchPlan(instance: "default", services: services, probationMs: probation), provenance)
    }

    private func change(_ name: String, _ old: Side, _ new: Side) throws -> PlanDiff.Change {
        try #require(try PlanDiff.between(old, new).changes.first { $0.service == name })
    }

    @Test func aKeyThatGivesWayToItsDefaultNamesItsLine() throws {
        let old = side(["w": 1], Provenance(tool: "t", inputs: ["w": [Input(key: "p", value: 1, source: "f:2:3")]]))
        let new = side(["w": 2], Provenance(tool: "t", inputs: ["w": [Input(key: "p", value: 2, source: "default")]]))
        #expect(try change("w", old, new).causes == [.init(key: "p", old: 1, new: 2, source: "default", oldSource: "f:2:3")])
        let gone = side(["w": 2], Provenance(tool: "t", inputs: ["w": []]))
        #expect(try change("w", old, gone).causes == [.init(key: "p", old: 1, new: nil, source: "f:2:3", oldSource: "f:2:3")])
    }

    @Test func whatIsReplacedSaysWhatOfItIsAnother() throws {
        let replaced = try change("w", side(["w": 1]), side(["w": 2]))
        #expect(replaced.causes.isEmpty)
        #expect(replaced.differences == [Difference(path: "argv[1]", old: "1", new: "2")])
        #expect(try change("w", side(["w": 1]), side(["w": 1])).differences == nil)
    }

    private func deciding(_ backend: String, at place: String, _ services: [String: [Input]] = [:]) -> Provenance {
        let active = Input(key: "backend", value: .string(backend), source: place)
        func declared(_ name: String) -> [Input] { [Input(key: "backends.\(name)", value: "vllm-mlx", source: "f:9:1")] }
        return Provenance(
            tool: "t", inputs: services.merging(["proxy": [active]]) { own, _ in own }, deciding: ["a": declared("a"), "b": declared("b")])
    }

    @Test func theLineThatLeadsElsewhereStartsOneWorkerAndStopsAnother() throws {
        let port = [
            "a": [Input(key: "backends.a.port", value: 1, source: "f:10:1")], "b": [Input(key: "backends.b.port", value: 2, source: "f:11:1")],
        ]
        let old = side(["a": 1], deciding("a", at: "f:1:10", port))
        let new = side(["b": 1], deciding("b", at: "f:1:11", port))
        let cause = PlanDiff.Cause(key: "backend", old: "a", new: "b", source: "f:1:11", oldSource: "f:1:10")
        #expect(try change("a", old, new).action == .stop)
        #expect(try change("a", old, new).causes == [cause])
        #expect(try change("b", old, new).action == .create)
        #expect(try change("b", old, new).causes == [cause])
    }

    @Test func aBackendThatIsNewNamesItsOwnLinesToo() throws {
        var before = deciding("a", at: "f:1:10")
        before.deciding?["b"] = nil
        let new = side(["a": 1, "b": 1], deciding("a", at: "f:1:10", ["b": [Input(key: "backends.b.port", value: 2, source: "f:11:1")]]))
        #expect(try change("b", side(["a": 1], before), new).causes.map(\.key) == ["backends.b", "backends.b.port"])
        #expect(try change("b", new, side(["a": 1], before)).causes.map(\.key) == ["backends.b"])
    }

    /// Plans of an earlier version do not say what decided; what they say is used, and nothing is made up.
    @Test func olderPlansAreComparedAsFarAsTheyGo() throws {
        var older = deciding("a", at: "f:1:10", ["a": [Input(key: "backends.a.port", value: 1, source: "f:10:1")]])
        older.deciding = nil
        let stopped = try change("a", side(["a": 1], older), side([:], deciding("b", at: "f:1:11")))
        #expect(stopped.causes.map(\.key) == ["backend"])
        #expect(try PlanDiff.between(side([:], probation: 1, older), side([:], probation: 2, older)).whole?.causes == [])
    }

    /// What a plan did not keep may stand in its files all the same: it is not said to have come or gone.
    @Test func whatAPlanDoesNotSayIsNotCalledNew() throws {
        let port = Input(key: "backends.b.port", value: 2, source: "f:11:1")
        var before = deciding("a", at: "f:1:10")
        let after = deciding("a", at: "f:1:10", ["b": [port]])
        #expect(try change("b", side(["a": 1], before), side(["a": 1, "b": 1], after)).causes == [])
        #expect(try change("b", side(["a": 1, "b": 1], after), side(["a": 1], before)).causes == [])
        before.unused = []
        #expect(try change("b", side(["a": 1], before), side(["a": 1, "b": 1], after)).causes.map(\.key) == ["backends.b.port"])
        before.unused = [Input(key: "backends.b.port", value: 1, source: "f:10:1")]
        let moved = PlanDiff.Cause(key: "backends.b.port", old: 1, new: 2, source: "f:11:1", oldSource: "f:10:1")
        #expect(try change("b", side(["a": 1], before), side(["a": 1, "b": 1], after)).causes == [moved])
        let copy: Provenance = try JSON(encoding: before).decode()
        #expect(copy == before)
        let older: Provenance = try JSON(parsing: #"{"tool":"t","files":[],"inputs":{}}"#).decode()
        #expect(older.unused == nil && older.deciding == nil)
    }

    /// One that was a worker before leads to others by its own line alone, and one that has become a worker by what made it one.
    @Test func whatOthersWaitForIsStartedByTheirLines() throws {
        func provenance(_ waits: Bool, _ active: String, _ workers: [String]) -> Provenance {
            let wait = Input(key: "backends.a.dependsOn", value: ["b"], source: "f:3:1")
            var result = deciding(active, at: "f:1:10", Dictionary(uniqueKeysWithValues: workers.map { ($0, $0 == "a" && waits ? [wait] : []) }))
            if waits { result.deciding?["a"]?.append(wait) }
            result.unused = []
            return result
        }
        let both = side(["a": 1, "b": 1], provenance(true, "a", ["a", "b"]))
        #expect(try change("b", side(["a": 1], provenance(false, "a", ["a"])), both).causes.map(\.key) == ["backends.a.dependsOn"])
        #expect(try change("b", side([:], provenance(true, "c", [])), both).causes.map(\.key) == ["backend"])
        #expect(try change("b", both, side([:], provenance(true, "c", []))).causes.map(\.key) == ["backend"])
        #expect(try change("b", side([:], provenance(false, "c", [])), both).causes.map(\.key) == ["backend", "backends.a.dependsOn"])
    }

    @Test func whatIsOutsideTheServicesIsADifferenceToo() throws {
        func provenance(_ value: JSON) -> Provenance { Provenance(tool: "t", whole: [Input(key: "probation", value: value, source: "f:3:1")]) }
        let diff = try PlanDiff.between(side(["w": 1], probation: 1, provenance("1ms")), side(["w": 1], probation: 2, provenance("2ms")))
        #expect(diff.changes.map(\.action) == [.unchanged])
        #expect(!diff.isEmpty)
        #expect(diff.whole?.differences == [Difference(path: "probation_ms", old: 1, new: 2)])
        #expect(diff.whole?.causes.map(\.key) == ["probation"])
        let copy: PlanDiff = try JSON(encoding: diff).decode()
        #expect(copy == diff)
    }

    /// A supervisor of an earlier version reports differences without the newer members.
    @Test func reportsOfEarlierVersionsAreRead() throws {
        let text = #"{"changes":[{"service":"w","action":"replace","mode":"overlap","causes":[{"key":"p","new":1,"source":"f:1:1"}]}]}"#
        let diff: PlanDiff = try JSON(parsing: text).decode()
        #expect(diff.changes[0].causes[0].oldSource == nil && diff.whole == nil)
    }
}
