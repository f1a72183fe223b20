import Glibc
import Locking
import Testing

@testable import Host

@Suite struct HostNamesTests {
    // MARK: without a resolver

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "0.0.0.0:80"), ("::1", "::1:80"), ("::", ":::80"), ("localhost", "127.0.0.1:80"),
        ("LocalHost", "127.0.0.1:80"), ("a.localhost", "127.0.0.1:80"), ("::ffff:127.0.0.1", "::ffff:127.0.0.1:80"),
    ])
    func nobodyIsAskedForAnAddressOrTheLoopback(host: String, text: String) throws {
        let address = try #require(SocketAddress(numeric: host, port: 80))
        #expect(address.description == text)
        #expect(try SocketAddress(host: host, port: 80) == address)
    }

    @Test(arguments: ["box.local", "localhost.example", "notlocalhost", "127.0.0.1\0", "", "256.0.0.1", "::g"])
    func aNameIsNoAddress(host: String) { #expect(SocketAddress(numeric: host, port: 80) == nil) }

    /// What the kernel says of a bound socket is compared with it.
    @Test(arguments: ["127.0.0.1", "::1"]) func anAddressIsTheKernelsOwn(host: String) throws {
        let address = try #require(SocketAddress(numeric: host, port: 0))
        guard case .success(let descriptor) = Sockets.listenTCP(address) else { return try #require(host == "::1", "no IPv6 here") }
        defer { close(descriptor) }
        let bound = try #require(SocketAddress(of: descriptor))
        #expect(SocketAddress(numeric: host, port: try #require(bound.port)) == bound)
    }

    @Test func portsOutsideTheirRangeAreRefused() {
        for port in [-1, 65536] {
            #expect(SocketAddress(numeric: "127.0.0.1", port: port) == nil)
            #expect(throws: OperationError.self) { try SocketAddress(host: "127.0.0.1", port: port) }
        }
    }

    // MARK: with one

    @Test func aSilentResolverHoldsNobodyUpTwice() throws {
        let resolver = Resolver()
        let names = HostNames(patienceMs: 100, now: resolver.now, lookup: resolver.lookup)
        let clock = ContinuousClock()
        let first = clock.measure { #expect(throws: OperationError.self) { try names.address(of: "box.local") } }
        #expect(first >= .milliseconds(99) && first < .seconds(60))
        while resolver.asked == 0 { sched_yield() }
        // Its time has passed with the first: the clock here stands still unless it is set.
        resolver.advance(1000)
        for _ in 0..<50 { #expect(throws: OperationError.self) { try names.address(of: "BOX.local") } }
        #expect(resolver.asked == 1, "one thread for a name, however often it is asked for")
        resolver.answer("10.0.0.7")
        // The thread has its answer; nobody knows when it gets on a processor.
        while (try? names.address(of: "box.local")) == nil { sched_yield() }
        #expect(try names.address(of: "box.local").ipBytes == [10, 0, 0, 7])
        #expect(resolver.asked == 1)
    }

    @Test func aNameKeepsItsAddressWhileTheResolverIsAskedAgain() throws {
        let resolver = Resolver()
        let names = HostNames(patienceMs: 60_000, freshMs: (good: 1000, bad: 100), now: resolver.now, lookup: resolver.lookup)
        resolver.answer("10.0.0.7")
        #expect(try names.address(of: "box").ipBytes == [10, 0, 0, 7])
        resolver.silence()
        resolver.advance(999)
        #expect(try names.address(of: "box").ipBytes == [10, 0, 0, 7])
        #expect(resolver.asked == 1)
        resolver.advance(2)
        // Asked again, and not waited for: it would take a minute.
        #expect(try names.address(of: "box").ipBytes == [10, 0, 0, 7])
        #expect(try names.address(of: "box").ipBytes == [10, 0, 0, 7])
        resolver.answer(nil)
        while resolver.answered < 2 { sched_yield() }
        #expect(try names.address(of: "box").ipBytes == [10, 0, 0, 7], "the resolver fails, the name does not")
        resolver.answer("10.0.0.8")
        repeat {
            resolver.advance(1001)
            sched_yield()
        } while try names.address(of: "box").ipBytes != [10, 0, 0, 8]
    }

    @Test func aFailureIsAskedAboutAgainALittleLater() throws {
        let resolver = Resolver()
        let names = HostNames(patienceMs: 60_000, freshMs: (good: 1000, bad: 100), now: resolver.now, lookup: resolver.lookup)
        resolver.answer(nil)
        for _ in 0..<10 { #expect(throws: OperationError.self) { try names.address(of: "box") } }
        #expect(resolver.asked == 1)
        resolver.answer("10.0.0.7")
        resolver.advance(101)
        while (try? names.address(of: "box")) == nil { sched_yield() }
        #expect(resolver.asked == 2)
    }

    @Test func aSilentResolverKeepsFewThreads() {
        let resolver = Resolver()
        let names = HostNames(patienceMs: 0, now: resolver.now, lookup: resolver.lookup)
        for number in 0..<100 { #expect(throws: OperationError.self) { try names.address(of: "box\(number)") } }
        while resolver.asked < 8 { sched_yield() }
        resolver.answer(nil)
        #expect(resolver.asked == 8)
    }

    /// The system's own: a name that no resolver may know (RFC 6761, section 6.4), and one in figures that only it reads.
    @Test func theSystemsResolver() throws {
        #expect(throws: OperationError.self) { try SocketAddress(host: "nowhere.invalid", port: 80) }
        #expect(try SocketAddress(host: "127.1", port: 80) == SocketAddress(numeric: "127.0.0.1", port: 80))
    }
}

/// Answers when it is told to, and has a clock that is set.
private final class Resolver: Sendable {
    private struct State {
        var now = 1_000_000
        var asked = 0
        var answered = 0
        var isSilent = true
        var address: String?
    }
    private let state = Mutex(State())

    var asked: Int { state.withLock { $0.asked } }
    var answered: Int { state.withLock { $0.answered } }
    func silence() { state.withLock { $0.isSilent = true } }
    /// - Parameter address: nil for a failure.
    func answer(_ address: String?) {
        state.withLock {
            $0.isSilent = false
            $0.address = address
        }
    }
    func advance(_ milliseconds: Int) { state.withLock { $0.now += milliseconds } }
    @Sendable func now() -> Int { state.withLock { $0.now } }

    @Sendable func lookup(_ name: String) -> HostQuery.Answer {
        state.withLock { $0.asked += 1 }
        while true {
            let found: HostQuery.Answer? = state.withLock { state in
                guard !state.isSilent else { return nil }
                state.answered += 1
                guard let address = state.address, let it = SocketAddress(numeric: address, port: 0) else {
                    return .failure(OperationError("nothing of that name", exitCode: 78))
                }
                return .success(it)
            }
            if let found { return found }
            usleep(1000)
        }
    }
}
