import Foundation
import JSON
import Testing

/// Plans as files: shown, compared, signed. Only the CLI and ssh-keygen are started.
@Suite(.serialized, .enabled(if: PlanFolder.cli != nil, "the CLI is not built (ANYCLAUDE_TEST_BIN, or `make build`)"))
struct PlanCommandTests {
    private static let text = """
        backend: small
        proxy: { port: 8788 }
        backends:
          small: { kind: vllm-mlx, model: ./m, port: 8081 }
          claude:

        """

    private func expect(_ run: ProgramRun, exits status: Int32, saying words: String..., at location: SourceLocation = #_sourceLocation) {
        #expect(run.status == status, "\(run.output)\(run.errors)", sourceLocation: location)
        for word in words {
            #expect((run.output + run.errors).contains(word), "`\(word)` is missing in: \(run.output)\(run.errors)", sourceLocation: location)
        }
    }

    @Test func aPlanIsSavedShownAndVerified() throws {
        let folder = try PlanFolder()
        try folder.write(".anyclauderc.yaml", Self.text)
        expect(try folder.anyclaude("plan", "--out", "p"), exits: 0, saying: "+ small  start", "small  (.anyclauderc.yaml:1:10)", "apply p")
        expect(
            try folder.anyclaude("plan", "show", "p"), exits: 0, saying: "plan sha256:", "small (worker)", "listens    127.0.0.1:8788 as `http`",
            "made against  no plan", ".anyclauderc.yaml  sha256:")
        let shown = try folder.anyclaude("plan", "show", "p", "--json")
        expect(try folder.anyclaude("plan", "verify", "-", input: shown.output), exits: 0, saying: "is the hash of the plan")
        let canonical = try folder.anyclaude("plan", "show", "p", "--canonical").output
        let id = try #require(try JSON(parsing: shown.output)["plan_id"]?.stringValue)
        let sum = try ProgramRun.run("sha256sum", [], input: "anyclaude-plan/v1\n" + canonical).output
        #expect(id == "sha256:\(sum.prefix(64))")
        let verified = try JSON(parsing: try folder.anyclaude("plan", "verify", "p", "--json").output)
        #expect(verified["format_version"] == "1.0" && verified["plan_id"]?.stringValue == id && verified["signer"] == .null)
        // What `plan --json` writes is a plan too.
        let json = try folder.anyclaude("plan", "--json").output
        expect(try folder.anyclaude("diff", "p", "-", input: json), exits: 0, saying: "no difference")
        expect(try folder.anyclaude("plan", "show", "no-such"), exits: 66, saying: "no-such: no such file")
        expect(try folder.anyclaude("plan", "show", ".anyclauderc.yaml"), exits: 1, saying: "is not a saved plan")
        expect(try folder.anyclaude("plan", "show", "7"), exits: 3, saying: "no generation 7", "nothing has been applied yet")
        expect(try folder.anyclaude("plan", "show", "current"), exits: 3, saying: "nothing has been applied yet")
    }

    @Test func whatWasChangedOrIsNewerIsRefused() throws {
        let folder = try PlanFolder()
        try folder.write(".anyclauderc.yaml", Self.text)
        try #require(try folder.anyclaude("plan", "--out", "p").status == 0)
        let saved = try folder.read("p")
        try folder.write("tampered", saved.replacing("8081", with: "8082"))
        expect(try folder.anyclaude("plan", "verify", "tampered"), exits: 6, saying: "the plan is not the one that was saved")
        expect(try folder.anyclaude("plan", "show", "tampered"), exits: 6)
        expect(try folder.anyclaude("diff", "p", "tampered"), exits: 6)
        let newer: JSON = ["format": "anyclaude.plan", "format_version": "2.0", "services": ["by-name": 1]]
        let sum = try ProgramRun.run("sha256sum", [], input: "anyclaude-plan/v1\n" + String(decoding: newer.canonicalBytes, as: UTF8.self)).output
        let envelope: JSON = [
            "plan_id": .string("sha256:\(sum.prefix(64))"), "plan": newer, "precondition": [:],
            "provenance": ["tool": "t", "files": [], "inputs": [:]],
        ]
        try folder.write("newer", envelope.text)
        expect(try folder.anyclaude("plan", "verify", "newer"), exits: 3, saying: "anyclaude.plan 2.0", "or a newer one")
    }

    @Test func twoPlansAreComparedByTheirLines() throws {
        let folder = try PlanFolder()
        try folder.write("a.yaml", Self.text)
        try folder.write("b.yaml", Self.text.replacing("port: 8081", with: "port: 8082").replacing("proxy: { port: 8788 }", with: "probation: 9s"))
        try #require(try folder.anyclaude("plan", "-f", "a.yaml", "--out", "a.plan").status == 0)
        expect(try folder.anyclaude("diff", "a.plan", "a.yaml"), exits: 0, saying: "no difference")
        expect(
            try folder.anyclaude("diff", "a.plan", "b.yaml"), exits: 2, saying: "~ small  replace",
            "backends.small.port  8081 -> 8082  (b.yaml:4:46)",
            "~ the plan", "probation  2s -> 9s  (b.yaml:2:12)")
        let back = try folder.anyclaude("diff", "--json", "-", "a.plan", input: try folder.read("b.yaml"))
        #expect(back.status == 2)
        let document = try JSON(parsing: back.output)
        #expect(document["format_version"] == "1.0" && document["same"] == false && document["old"]?["name"] == "<stdin>")
        expect(try folder.anyclaude("diff", "a.plan", "none.yaml"), exits: 66)
        try folder.write("bad.yaml", "backend: none\n")
        expect(try folder.anyclaude("diff", "a.plan", "bad.yaml"), exits: 1, saying: "bad.yaml:1:10")
        // Of another version, which gave no reasons.
        var other = try #require(try JSON(parsing: try folder.anyclaude("plan", "-f", "b.yaml", "--json").output).objectValue)
        other["provenance"] = ["tool": "other", "files": [], "inputs": [:]]
        var own = try #require(try JSON(parsing: try folder.read("a.plan")).objectValue)
        own["provenance"] = other["provenance"]
        try folder.write("own", JSON.object(own).text)
        expect(
            try folder.anyclaude("diff", "own", "-", input: JSON.object(other).text), exits: 2, saying: "another version of anyclaude",
            "sockets[http].address.tcp.port", "8081 -> 8082")
    }

    /// As the supervisor keeps them, and read without one.
    @Test func generationsAreNamedByNumber() throws {
        let folder = try PlanFolder()
        for (number, port) in [(1, "8081"), (2, "8082")] {
            try folder.write(".anyclauderc.yaml", Self.text.replacing("8081", with: port))
            let plan = try JSON(parsing: try folder.anyclaude("plan", "--json", "--offline").output)
            let id = try #require(plan["plan_id"]?.stringValue)
            let generation: JSON = [
                "number": .integer(number), "plan_id": .string(id), "bindings": ["config": .string(folder.path)],
                "precondition": plan["precondition"] ?? [:], "provenance": plan["provenance"] ?? .null,
                "standing": "good", "created": "2026-11-26T10:00:00.000Z", "user": "me", "command": "anyclaude apply",
            ]
            try folder.write("home/generations/\(number)", generation.text)
            try folder.write("home/store/\(id.dropFirst(7))/plan.json", plan["plan"]?.text ?? "")
        }
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/home/current", withDestinationPath: "generations/2")
        expect(try folder.anyclaude("plan", "show", "1"), exits: 0, saying: "generation    1", "{config}", folder.path)
        expect(try folder.anyclaude("diff", "current", "2"), exits: 0, saying: "no difference")
        expect(
            try folder.anyclaude("diff", "1", "current"), exits: 2, saying: "from generation 1", "to generation 2",
            "8081 -> 8082  (.anyclauderc.yaml:4:46)")
        expect(try folder.anyclaude("diff", "current", ".anyclauderc.yaml"), exits: 0)
        expect(try folder.anyclaude("plan", "show", "3"), exits: 3, saying: "no generation 3", "those on the disk are 1, 2")
        try folder.write("home/generations/2", "{")
        expect(try folder.anyclaude("plan", "show", "2"), exits: 74, saying: "is damaged")
    }

    @Test func aValueIsExplained() throws {
        let folder = try PlanFolder()
        try folder.write(".anyclauderc.yaml", "include: [base.yaml]\n" + Self.text)
        try folder.write("base.yaml", "proxy: { port: 9000 }\n")
        folder.environment["ANYCLAUDE_PORT"] = "9001"
        expect(
            try folder.anyclaude("plan", "--explain", "proxy.port", "--explain", "backend", "--backend", "claude"), exits: 0,
            saying: "proxy.port  9001",
            "= $ANYCLAUDE_PORT         9001", "- .anyclauderc.yaml:3:16  8788  not used", "- base.yaml:1:16          9000  not used",
            "- default                 8788  not used", "made into proxy", "backend  claude", "= --backend")
        let json = try JSON(parsing: try folder.anyclaude("plan", "--explain", "instance", "--json").output)
        #expect(
            json["format_version"] == "1.0" && json["values"]?[0]?["key"] == "instance" && json["values"]?[0]?["candidates"]?[0]?["counts"] == true)
        expect(try folder.anyclaude("plan", "--explain", "proxy.prt"), exits: 64, saying: "there is no key `proxy.prt`", "did you mean `proxy.port`")
        expect(try folder.anyclaude("plan", "--explain", "backends.smal.port"), exits: 64, saying: "did you mean `small`")
    }
}

/// A folder with a configuration, and nothing that runs.
final class PlanFolder {
    let path: String
    var environment: [String: String]

    static let cli: String? = {
        let named = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_BIN"]
        let folders = [named, "\(TestEnvironment.root)/.build/release", "\(TestEnvironment.root)/.build/debug"].compactMap { $0 }
        return folders.map { "\($0)/anyclaude" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    static let hasSigningTool = FileManager.default.isExecutableFile(atPath: "/usr/bin/ssh-keygen")

    init() throws {
        path = "/tmp/ac-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": path, "ANYCLAUDE_HOME": "\(path)/home", "LANG": "C.UTF-8"]
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let folder = ("\(path)/\(name)" as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }
    func read(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    func anyclaude(_ arguments: String..., input: String? = nil) throws -> ProgramRun {
        try ProgramRun.run(try #require(Self.cli), arguments, environment: environment, directory: path, input: input)
    }

    func run(_ program: String, _ arguments: String..., input: String? = nil) throws -> ProgramRun {
        try ProgramRun.run(program, arguments, environment: environment, directory: path, input: input)
    }
}
