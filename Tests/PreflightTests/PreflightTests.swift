import Control
import Glibc
import Host
import HostFixtures
import JSON
import LaunchPlan
import Testing

@testable import Preflight

@Suite struct PreflightTests {
    private func preflight(
        _ folder: TemporaryFolder, machine: MachineMemory? = MachineMemory(bytes: 1 << 40, bound: .machine), makesFolders: Bool = false
    ) throws -> Preflight {
        var preflight = Preflight(
            bindings: [.config: folder.path, .cache: "\(folder.path)/cache"],
            secrets: try SecretStore(runtime: folder.path, state: folder.path).knowing(["SENT": "canary"]),
            members: { _ in [] }, leaving: [], makesFolders: makesFolders)
        preflight.machine = machine
        return preflight
    }

    private func plan(_ requirements: [PreflightCheck.Requirement], budget: Int? = nil, replace: ReplaceMode = .stopFirst) -> LaunchPlan {
        var service = Fixture.service("w")
        service.replace = replace
        return LaunchPlan(
            instance: "default", services: [service], preflight: requirements.map { PreflightCheck(service: "w", requirement: $0, key: "k") },
            probationMs: 0, memoryBudgetBytes: budget)
    }

    @Test func everyCheckHasAResultInThePlansOrder() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "")
        let requirements: [PreflightCheck.Requirement] = [
            .file(path: .rooted(.config, "file")), .file(path: .rooted(.config, "none")), .secret(reference: .env(name: "SENT")),
            .secret(reference: .env(name: "ANYCLAUDE_TEST_NEVER_SET")), .executable(program: "anyclaude-no-such-program"),
            .writableDirectory(path: .rooted(.config, "new/folder")), .diskSpace(path: .rooted(.cache, "kv"), bytes: 1 << 50),
            .model(path: .rooted(.config, "file")),
        ]
        let report = try preflight(folder).report(plan(requirements))
        #expect(report.results.map(\.severity) == [nil, .error, nil, .error, .error, nil, .error, .error])
        #expect(!report.holds)
        #expect(access("\(folder.path)/new", F_OK) != 0, "a look makes nothing")
        #expect(try JSON(encoding: report).text.contains("canary") == false)
        let applying = try preflight(folder, makesFolders: true)
        _ = applying.report(plan([.writableDirectory(path: .rooted(.config, "new/folder"))]))
        #expect(access("\(folder.path)/new/folder", F_OK) == 0)
    }

    @Test func aProgramIsFoundAsItsStartFindsIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("venv/bin/only-there", "#!/bin/sh\n", executable: true)
        try folder.write("work/beside", "#!/bin/sh\n", executable: true)
        func findings(_ program: PlanValue, _ change: (inout Service) -> Void = { _ in }) throws -> [PreflightFinding] {
            var plan = plan([.executable(program: program)])
            change(&plan.services[0])
            return try preflight(folder).report(plan).results[0].findings
        }
        #expect(try findings("only-there").first?.message.contains("was not found on PATH") == true)
        #expect(try findings("only-there") { $0.environment["PATH"] = .text("\(folder.path)/venv/bin") }.isEmpty)
        #expect(try findings("sh") { $0.environment["PATH"] = .text("\(folder.path)/venv/bin") }.isEmpty == false)
        #expect(try findings("./beside").isEmpty == false)
        #expect(try findings("./beside") { $0.directory = .rooted(.config, "work") }.isEmpty)
    }

    @Test func memoryOfOtherProgramsIsOfTheirFiles() throws {
        let folder = try TemporaryFolder()
        try folder.write("m/model.safetensors", String(repeating: "x", count: 1 << 20))
        try folder.write("m/config.json", #"{"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 64, "max_position_embeddings": 4096}"#)
        func memory(_ model: String?, limit: Int? = nil) -> PreflightCheck.Requirement {
            .memory(model: model.map { .rooted(.config, $0) }, contextTokens: 1024, slots: 3, limitBytes: limit, reading: .files)
        }
        let share = try #require(try preflight(folder).report(plan([memory("m")])).memory?.shares.first)
        #expect(share.weightsBytes == 1 << 20)
        #expect(share.contextBytes == 2 * 2 * 64 * 2 * 1024)
        #expect(share.neededBytes == (1 << 20) + (1 << 19))
        #expect(share.mostBytes == (1 << 20) + 3 * (1 << 19))
        #expect(try preflight(folder).report(plan([memory("none")])).memory?.shares.first?.unknown == "its model is not on this disk")
        #expect(try preflight(folder).report(plan([memory(nil)])).memory?.shares.first?.unknown == "its model is not named by a path")
        let refused = try preflight(folder).report(plan([memory("m")], budget: 1 << 20))
        #expect(refused.results[0].severity == .error)
        #expect(refused.memory?.bound == .budget)
        let small = try preflight(folder, machine: MachineMemory(bytes: 1 << 19, bound: .controlGroup)).report(plan([memory("m")], budget: 1 << 30))
        #expect(small.memory?.bound == .controlGroup, "a budget beyond the machine is no memory")
        #expect(!small.holds)
    }

    @Test func aPlanWithNumbersThatCannotBeIsRefused() {
        func problem(_ requirement: PreflightCheck.Requirement) -> String? { PlanCheck.problem(plan([requirement])) }
        #expect(problem(.memory(model: nil, contextTokens: .min, slots: 1, limitBytes: nil, reading: nil)) != nil)
        #expect(problem(.memory(model: nil, contextTokens: 1, slots: .max, limitBytes: nil, reading: .files)) != nil)
        #expect(problem(.diskSpace(path: .absolute("/"), bytes: -1)) != nil)
        #expect(problem(.diskSpace(path: .absolute("/"), bytes: 1 << 30)) == nil)
    }

    @Test func aLookWithoutASupervisorLeavesNothingBehind() throws {
        let folder = try TemporaryFolder()
        let home = "\(folder.path)/home"
        let instance = Instance(name: "default", environment: ["HOME": folder.path, "ANYCLAUDE_HOME": home])
        let plan = plan([.secret(reference: .env(name: "SENT")), .writableDirectory(path: .rooted(.cache, "kv"))])
        let envelope = try PlanEnvelope(plan: plan, basePlanId: nil, provenance: Provenance(tool: "t"))
        let request = ApplyRequest(
            envelope: envelope, bindings: ["config": folder.path], secrets: ["SENT": "canary"], replace: false, timeoutMs: nil, command: "c")
        let report = try LonePreflight(instance: instance).report(plan, request)
        #expect(report.holds, "\(report)")
        #expect(Folder.names(in: folder.path).isEmpty)

        // What is current on the disk counts as it does for a supervisor.
        try folder.make("home/generations")
        let generation = Generation(
            number: 3, planId: "sha256:other", standing: .good, bindings: ["config": "/elsewhere"], precondition: .init(basePlanId: nil),
            provenance: Provenance(tool: "t"), created: "", user: "", command: "")
        try AtomicFile.write(try encoded(generation).bytes, to: "\(home)/generations/3")
        try AtomicFile.link("\(home)/current", to: "generations/3")
        let stale = try LonePreflight(instance: instance).report(plan, request)
        #expect(stale.findings.first?.finding.message == "the instance runs the stack of another folder: /elsewhere")
        // A supervisor that an apply starts makes a new one where it is damaged.
        try AtomicFile.link("\(home)/current", to: "generations/4")
        let damaged = try LonePreflight(instance: instance).report(plan, request)
        #expect(damaged.holds)
        #expect(damaged.findings.first?.finding.message.contains("names generation 4, which is not there") == true)
        var other = plan
        other.services[0].name = "../w"
        let refusal = #expect(throws: OperationError.self) { try LonePreflight(instance: instance).report(other, request) }
        #expect(refusal?.exitCode == 3)
    }
}
