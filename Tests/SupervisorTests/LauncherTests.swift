import Glibc
import Host
import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

@Suite struct LauncherTests {
    /// Retried for ever, such a start would use up the supervisor's descriptors.
    @Test func aStartThatFailsKeepsNothingOpen() throws {
        let folder = try TemporaryFolder()
        let launcher = Launcher(instance: "default", runtime: "\(folder.path)/run", logs: "\(folder.path)/logs")
        var service = Fixture.service("w", leases: true)
        service.argv = [.text("\(folder.path)/no-such-program")]
        #expect(throws: OperationError.self) {
            try launcher.prepare(
                service, bindings: [.config: folder.path], secrets: try SecretStore(runtime: folder.path, state: folder.path),
                listeners: ListenerPool(inherited: [], systemd: Systemd()))
        }
        #expect(Folder.names(in: "\(folder.path)/run").isEmpty)
        let open = Folder.names(in: "/proc/self/fd").compactMap { name -> String? in
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/\(name)", &buffer, buffer.count)
            return count > 0 ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        }
        #expect(!open.contains { $0.hasPrefix(folder.path) }, "the reading end of its output")
    }
}
