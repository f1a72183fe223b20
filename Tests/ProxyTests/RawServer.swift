import Dispatch
import Glibc
import Locking
import Serving

/// A server of bytes: what it received can be compared byte for byte, and what it sends is written as the script says, piece by piece.
final class RawServer: Sendable {
    struct Seen: Sendable {
        /// From the method to the empty line, with it.
        var head: String
        var body: [UInt8]

        var requestLine: String { head.split(separator: "\r\n").first.map(String.init) ?? "" }
        /// The values of a header, as they were written.
        func values(_ name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
                return String(parts[1].drop { $0 == " " })
            }
        }
    }
    let port: Int
    private let listener: CInt
    /// Shared with the queue, which may outlive the server for a moment.
    private final class Received: Sendable {
        let requests = Mutex<[Seen]>([])
        let connections = Mutex(0)
    }
    private let received = Received()

    /// - Parameters:
    ///   - readsBodies: false for one that answers as soon as it has a request's head, and reads no more.
    ///   - pieces: what is sent to a request, each with a write of its own; then the connection ends.
    init(readsBodies: Bool = true, _ pieces: @escaping @Sendable (Seen) -> [[UInt8]]) throws {
        (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let flags = fcntl(listener, F_GETFL)
        _ = fcntl(listener, F_SETFL, flags & ~O_NONBLOCK)
        let (listener, received) = (listener, received)
        DispatchQueue(label: "raw-server").async {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                received.connections.withLock { $0 += 1 }
                if let request = Self.read(connection, withBody: readsBodies) {
                    received.requests.withLock { $0.append(request) }
                    let pieces = pieces(request)
                    for (index, piece) in pieces.enumerated() {
                        // The last goes out with the end of the connection: nobody sees one without the other.
                        let flags = CInt(MSG_NOSIGNAL) | (index == pieces.count - 1 ? CInt(MSG_MORE) : 0)
                        guard send(connection, piece, piece.count, flags) == piece.count else { break }
                    }
                    Glibc.shutdown(connection, CInt(SHUT_WR))
                    // Until the other side has all: an early close would throw away what is still on its way.
                    var byte: UInt8 = 0
                    if readsBodies { while recv(connection, &byte, 1, 0) == 1 {} } else { Self.awaitEnd(of: connection) }
                }
                close(connection)
            }
        }
    }

    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    var base: String { "http://127.0.0.1:\(port)" }
    /// Those that were accepted so far.
    var connections: Int { received.connections.withLock { $0 } }
    var requests: [Seen] { received.requests.withLock { $0 } }

    private static func awaitEnd(of connection: CInt) {
        // Both directions are shut down: what poll tells of unasked.
        var ended = pollfd(fd: connection, events: 0, revents: 0)
        _ = poll(&ended, 1, 60_000)
    }

    private static func read(_ connection: CInt, withBody: Bool) -> Seen? {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 1 << 16, recv(connection, &byte, 1, 0) == 1 else { return nil }
            head.append(byte)
        }
        var seen = Seen(head: String(decoding: head, as: UTF8.self), body: [])
        let length = !withBody ? 0 : seen.values("content-length").first.flatMap { Int($0) } ?? 0
        while seen.body.count < length {
            guard recv(connection, &byte, 1, 0) == 1 else { return nil }
            seen.body.append(byte)
        }
        return seen
    }
}
