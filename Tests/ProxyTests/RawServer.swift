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
    }
    private let received = Received()

    /// - Parameter pieces: what is sent to a request, each with a write of its own; then the connection ends.
    init(_ pieces: @escaping @Sendable (Seen) -> [[UInt8]]) throws {
        (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let flags = fcntl(listener, F_GETFL)
        _ = fcntl(listener, F_SETFL, flags & ~O_NONBLOCK)
        let (listener, received) = (listener, received)
        DispatchQueue(label: "raw-server").async {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                if let request = Self.read(connection) {
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
                    while recv(connection, &byte, 1, 0) == 1 {}
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
    var requests: [Seen] { received.requests.withLock { $0 } }

    private static func read(_ connection: CInt) -> Seen? {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 1 << 16, recv(connection, &byte, 1, 0) == 1 else { return nil }
            head.append(byte)
        }
        var seen = Seen(head: String(decoding: head, as: UTF8.self), body: [])
        let length = seen.values("content-length").first.flatMap { Int($0) } ?? 0
        while seen.body.count < length {
            guard recv(connection, &byte, 1, 0) == 1 else { return nil }
            seen.body.append(byte)
        }
        return seen
    }
}
