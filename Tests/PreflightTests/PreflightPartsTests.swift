import Glibc
import Host
import HostFixtures
import LaunchPlan
import Testing

@testable import Preflight

@Suite struct PreflightPartsTests {
    @Test func versionsAreComparedByTheirNumbers() throws {
        let sorted = ["0.2.3", "0.9", "0.10.0", "0.31.2", "0.32.0", "0.32.4", "1", "4.57.1", "5.0.0", "1!0.1"]
        let versions = try sorted.map { try #require(PackageVersion($0)) }
        for (left, right) in zip(versions, versions.dropFirst()) { #expect(left < right, "\(left) \(right)") }
        #expect(PackageVersion("0.32") == PackageVersion("0.32.0"))
        #expect(PackageVersion("0.32.0rc1") == PackageVersion("0.32"), "it has what 0.32 changed")
        #expect(PackageVersion("0.32.0.dev20260101+cpu")?.isAtLeast(0, 32) == true)
        #expect(PackageVersion("0.31.9.post1")?.isAtLeast(0, 32) == false)
        #expect(PackageVersion("v1.0")?.isAtLeast(1) == true)
        for text in ["", "abc", ".1", "+1"] { #expect(PackageVersion(text) == nil, "\(text)") }
        #expect(PackageVersion("99999999999999999999.1") == nil)
    }

    @Test func aControlGroupMayAllowLessThanTheMachineHas() {
        func memory(_ groups: String, _ files: [String: String]) -> MachineMemory { .of(total: 1000, groups: groups) { files[$0] } }
        #expect(memory("", [:]) == MachineMemory(bytes: 1000, bound: .machine))
        let unified = "0::/user.slice/app.service\n"
        #expect(memory(unified, ["/sys/fs/cgroup/user.slice/app.service/memory.max": "max\n"]).bytes == 1000)
        #expect(
            memory(unified, ["/sys/fs/cgroup/user.slice/app.service/memory.max": "500\n", "/sys/fs/cgroup/user.slice/memory.max": "300\n"])
                == MachineMemory(bytes: 300, bound: .controlGroup))
        #expect(memory("0::/\n", ["/sys/fs/cgroup/memory.max": "700"]).bytes == 700)
        #expect(memory("5:cpu,memory:/docker/x\n", ["/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "400"]).bytes == 400)
        #expect(memory("5:cpu:/docker/x\n", ["/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "400"]).bytes == 1000)
        #expect(memory(unified, ["/sys/fs/cgroup/user.slice/app.service/memory.max": "9223372036854771712"]).bound == .machine)
    }

    @Test func storesOfOneFileSystemAreAddedUp() {
        func system(_ device: UInt, size: Int = 100, free: Int = 50) -> StoreSpace.FileSystem { .init(device: device, size: size, free: free) }
        func store(_ path: String, _ bytes: Int) -> StoreSpace.Store { .init(service: path, path: path, bytes: bytes) }
        func findings(
            _ stores: [(store: StoreSpace.Store, on: StoreSpace.FileSystem)], held: [String: Int] = [:]
        ) -> [(index: Int, finding: PreflightFinding)] { StoreSpace.findings(stores) { held[$0.path] ?? 0 } }
        #expect(findings([(store("/a", 40), system(1)), (store("/b", 40), system(2))]).isEmpty)
        let both = findings([(store("/a", 30), system(1)), (store("/b", 40), system(1))])
        #expect(both.map(\.index) == [1], "at the largest")
        #expect(both.first?.finding.severity == .warning)
        #expect(both.first?.finding.message == "the cache may grow by 70 B, and 50 B are free now (70 B in all: /a 30 B, /b 40 B)")
        #expect(findings([(store("/a", 30), system(1)), (store("/b", 40), system(1))], held: ["/a": 25]).isEmpty, "what is held is had")
        let never = findings([(store("/a", 101), system(1))], held: ["/a": 101])
        #expect(never.map(\.finding.severity) == [.error])
        #expect(never.first?.finding.message == "the cache may grow beyond its file system of 100 B (/a 101 B)")
        #expect(findings([(store("/a", .max), system(1)), (store("/b", .max), system(1))]).count == 1)
        _ = StoreSpace.findings([(store("/a", 50), system(1))]) { _ in
            Issue.record("what fits anyway is not counted")
            return 0
        }
    }

    @Test func whatAStoreHoldsIsCounted() throws {
        let folder = try TemporaryFolder()
        try folder.write("kv/one/a", String(repeating: "x", count: 100_000))
        try folder.write("kv/b", String(repeating: "x", count: 100_000))
        try folder.write("responses.sqlite3", "x")
        try folder.write("responses.sqlite3-wal", String(repeating: "x", count: 100_000))
        #expect((200_000..<400_000).contains(StoreSpace.held(at: "\(folder.path)/kv")))
        #expect((100_000..<200_000).contains(StoreSpace.held(at: "\(folder.path)/responses.sqlite3")))
        #expect(StoreSpace.held(at: "\(folder.path)/none") == 0)
        let here = try #require(StoreSpace.fileSystem(of: folder.path))
        #expect(StoreSpace.fileSystem(of: "\(folder.path)/not/yet/there")?.device == here.device)
        #expect(here.size >= here.free && here.size > 0)
    }
}
