import CProcess
import Glibc
import Host
import HostFixtures
import LaunchPlan
import Testing

@testable import Supervisor

/// Listeners under names and addresses. A name is one here that no resolver may know (RFC 6761, section 6.4), so that whatever is found
/// under it was not looked up.
@Suite struct ListenerPoolTests {
    private let pool = ListenerPool(inherited: [], systemd: Systemd())

    @Test func aListenerIsBoundOnceForAllNamesOfItsAddress() throws {
        let port = try Self.freePort()
        let descriptor = try pool.descriptor(host: "localhost", port: port)
        #expect(try pool.descriptor(host: "127.0.0.1", port: port) == descriptor)
        #expect(SocketAddress(of: descriptor) == SocketAddress(numeric: "127.0.0.1", port: port))
        pool.retain([])
        #expect(pool.descriptors.isEmpty)
    }

    /// The resolver may be away when a supervisor comes back: what a process listens on is its listener's address all the same.
    @Test func aListenerUnderANameIsTakenOverWithoutAResolver() throws {
        let listener = try Self.listen()
        defer { close(listener) }
        let address = try #require(SocketAddress(of: listener))
        let port = try #require(address.port)
        let own = cprocess_pidfd_open(getpid())
        try #require(own >= 0)
        defer { close(own) }
        #expect(pool.recover(from: own, number: listener, host: "box.invalid", port: port))
        #expect(pool.holds(address))
        #expect(try pool.address(host: "box.invalid", port: port) == address)
        let taken = try pool.descriptor(host: "box.invalid", port: port)
        #expect(pool.descriptors == [taken])
        var service = Fixture.service("proxy")
        service.sockets = [ListenSocket(name: "http", address: .tcp(host: "box.invalid", port: port))]
        pool.retain([service])
        #expect(pool.descriptors == [taken], "still named")
        pool.retain([])
        #expect(pool.descriptors.isEmpty)
    }

    @Test func anotherListenerIsNotTakenForIt() throws {
        let listener = try Self.listen()
        defer { close(listener) }
        let port = try #require(SocketAddress(of: listener)?.port)
        let own = cprocess_pidfd_open(getpid())
        try #require(own >= 0)
        defer { close(own) }
        #expect(!pool.recover(from: own, number: listener, host: "127.0.0.2", port: port), "another address")
        #expect(!pool.recover(from: own, number: listener, host: "box.invalid", port: port ^ 1), "another port")
        #expect(!pool.recover(from: own, number: own, host: "box.invalid", port: port), "no socket at all")
        #expect(pool.descriptors.isEmpty)
    }

    private static func listen() throws -> CInt {
        try Sockets.listenTCP(try #require(SocketAddress(numeric: "127.0.0.1", port: 0))).get()
    }

    private static func freePort() throws -> Int {
        let descriptor = try listen()
        defer { close(descriptor) }
        return try #require(SocketAddress(of: descriptor)?.port)
    }
}
