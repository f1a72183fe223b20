import Glibc
import HostFixtures
import LaunchPlan
import Testing

@testable import Host

@Suite struct HostTests {
    /// Whatever stands in the place of a file, nobody waits for it.
    @Test func aFIFOIsNoFile() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/fifo"
        try #require(mkfifo(path, 0o600) == 0)
        #expect(throws: OperationError.self) { try AtomicFile.read(path) }
        #expect(throws: OperationError.self) { try AtomicFile.read(folder.path) }
        #expect(try AtomicFile.read("\(folder.path)/none") == nil)
    }

    @Test func aFolderThatIsNotThereIsNotMade() throws {
        let folder = try TemporaryFolder()
        #expect(Folder.problemMaking("\(folder.path)/a/b") == nil)
        #expect(access("\(folder.path)/a", F_OK) != 0)
        try folder.write("file", "")
        #expect(Folder.problemMaking("\(folder.path)/file/b") != nil)
    }

    @Test func processNamesMayHoldAnything() throws {
        let fields = "S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2"
        let stat = try #require(ProcFS.parseStat(Array("42 (a) b (c)) \(fields)".utf8)))
        #expect(stat == ProcFS.Stat(pid: 42, state: UInt8(ascii: "S"), parent: 1, group: 42, session: 42, startTime: 987_654))
        #expect(ProcFS.parseStat(Array("garbage".utf8)) == nil)
        #expect(ProcFS.parseStat([]) == nil)
    }

    @Test func noArgumentThatMayBeASecretIsShown() {
        func command(_ words: String...) -> String? { ProcFS.parseCommand(Array(words.map { $0 + "\0" }.joined().utf8)) }
        #expect(command("/usr/bin/node", "server.js", "--api-key", "canary") == "/usr/bin/node server.js")
        #expect(command("python3", "-m", "mlx_lm.server", "--port", "8081") == "python3 -m mlx_lm.server")
        #expect(command("llama-server", "--api-key", "canary") == "llama-server")
        #expect(command("env", "KEY=canary", "server") == "env")
        #expect(command("sh", "-c", "KEY=canary server") == "sh")
        #expect(command("one") == "one")
        #expect(ProcFS.parseCommand([]) == nil)
    }

    @Test func listenersInTheKernelsTable() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
               1: 00000000:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
               2: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
            """
        #expect(PortHolder.listening(table, port: 8081, ip: [127, 0, 0, 1], size: 4) == ["111"])
        #expect(PortHolder.listening(table, port: 8081, ip: [127, 0, 0, 2], size: 4) == [])
        #expect(PortHolder.listening(table, port: 8081, ip: [0, 0, 0, 0], size: 4) == ["111"])
        #expect(PortHolder.listening(table, port: 8082, ip: [127, 0, 0, 1], size: 4) == ["222"])
    }

    @Test func theGroupOfThisProcessIsFoundWhereItsTreeIsMounted() {
        func place(_ membership: String, _ mounts: String...) -> String? {
            ControlGroupTree.place(membership: Array(membership.utf8), mounts: Array(mounts.joined(separator: "\n").utf8))
        }
        let unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
        #expect(place("0::/system.slice/anyclaude.service\n", unified) == "/sys/fs/cgroup/system.slice/anyclaude.service")
        #expect(place("0::/system.slice/anyclaude.service/.control\n", unified) == "/sys/fs/cgroup/system.slice/anyclaude.service")
        #expect(place("0::/\n", unified) == "/sys/fs/cgroup/")
        // Beside the trees of version 1, and of a container that sees a part of the tree.
        let hybrid = "32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup rw"
        #expect(
            place("4:memory:/a\n0::/b\n", "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", hybrid) == "/sys/fs/cgroup/unified/b")
        #expect(place("0::/box/b\n", "35 24 0:30 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw") == "/sys/fs/cgroup/b")
        #expect(place("0::/boxes/b\n", "35 24 0:30 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw") == nil)
        #expect(place("4:memory:/a\n", unified) == nil)
        #expect(place("0::/a\n", "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory") == nil)
        #expect(place("", "") == nil)
    }

    @Test func aGroupSaysWhetherAnythingIsInIt() {
        #expect(ControlGroup.isPopulated(Array("populated 1\nfrozen 0\n".utf8)))
        #expect(!ControlGroup.isPopulated(Array("populated 0\nfrozen 1\n".utf8)))
        #expect(!ControlGroup.isPopulated([]))
    }

    @Test func theNumberOfALeaderThatIsAnotherProcessNowCountsNobody() {
        #expect(!Membership.members(leader: getsid(0), directory: "/nowhere", wasStartedHere: nil).contains(getpid()), "never the supervisor itself")
        #expect(Membership.members(leader: nil, directory: "/nowhere", wasStartedHere: nil).isEmpty)
    }

    /// A kill between any two writes of an apply leaves the values of the generation that is current.
    @Test func secretsBelongToTheirGeneration() throws {
        let folder = try TemporaryFolder()
        let reference = SecretReference.env(name: "ANYCLAUDE_TEST_SECRET")
        func load(_ current: Int?) throws -> SecretStore {
            var store = try SecretStore(runtime: folder.path, state: folder.path)
            try store.settle(current: current)
            return store
        }
        var store = try load(nil)
        var first = store.knowing(["ANYCLAUDE_TEST_SECRET": "one"])
        try first.prepare(for: 1)
        #expect(throws: OperationError.self) { try load(nil).value(reference, [:]) }
        try first.prepare(for: 1)
        #expect(try load(1).value(reference, [:]) == "one")
        store = try load(1)
        var second = store.knowing(["ANYCLAUDE_TEST_SECRET": "two"])
        try second.prepare(for: 2)
        #expect(try load(1).value(reference, [:]) == "one", "the apply of 2 was not committed")
        #expect(try load(2).value(reference, [:]) == "one", "and is forgotten")
        try second.prepare(for: 2)
        try second.keep()
        #expect(try load(1).value(reference, [:]) == "two")
        #expect(Folder.names(in: folder.path) == ["secrets.json"])
    }

    @Test func secrets() throws {
        let folder = try TemporaryFolder()
        var store = try SecretStore(runtime: folder.path, state: folder.path)
        let reference = SecretReference.env(name: "ANYCLAUDE_TEST_SECRET")
        #expect(throws: OperationError.self) { try store.value(reference, [:]) }
        let absent = try store.fingerprint([reference], [:])
        store = store.knowing(["ANYCLAUDE_TEST_SECRET": "one"])
        try store.keep()
        #expect(try store.value(reference, [:]) == "one")
        let one = try store.fingerprint([reference], [:])
        store = store.knowing(["ANYCLAUDE_TEST_SECRET": "two"])
        try store.keep()
        #expect(Set([absent, one, try store.fingerprint([reference], [:])]).count == 3)
        #expect(try SecretStore(runtime: folder.path, state: folder.path).value(reference, [:]) == "two")
        var status = stat()
        #expect(stat(store.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        try store.forget()
        #expect(access(store.path, F_OK) != 0)
        #expect(try store.fingerprint([reference], [:]) == absent)
        try store.forget()
        #expect(Folder.names(in: folder.path) == ["host.key"])

        try AtomicFile.write(Array("key\n".utf8), to: "\(folder.path)/key")
        #expect(try store.value(.file(path: .rooted(.config, "key")), [.config: folder.path]) == "key")
    }

    @Test func aSecretsFileMayEndWithALine() throws {
        let folder = try TemporaryFolder()
        for (text, value) in [("key", "key"), ("key\n", "key"), ("key\r\n", "key"), ("key\n\n", "key\n"), ("", "")] {
            try folder.write("secret", text)
            #expect(try SecretStore.contents(of: .rooted(.config, "secret"), [.config: folder.path]) == value)
        }
    }
}
