import NIOCore
import NIOHTTP1

/// The head of a server's answer, and its body, which is read once. An answer that is let go unread is broken off.
struct UpstreamResponse: Sendable {
    let url: String
    let status: HTTPResponseStatus
    let headers: HTTPHeaders
    var body: UpstreamBody
}

/// A body as it comes: in a task, part by part, or by a function on its event loop.
struct UpstreamBody: AsyncSequence, Sendable {
    /// Told of each part, and of the error that ends it.
    typealias Note = @Sendable (Result<ByteBuffer, any Error>) -> Void
    private let transfer: UpstreamTransfer
    private var note: Note?

    init(_ transfer: UpstreamTransfer) { self.transfer = transfer }

    /// The same, which `note` hears of.
    func noting(_ note: @escaping Note) -> UpstreamBody {
        var body = self
        body.note = note
        return body
    }

    /// Calls for each part on the event loop that it comes on, so that no task is resumed for it; returns at the body's end.
    ///
    /// - Parameter take: false breaks the body off.
    /// - Throws: what cut it, or `TransferError.cancelled`.
    func read(_ take: @escaping @Sendable (ByteBuffer) -> Bool) async throws {
        guard let note else { return try await transfer.read(take) }
        do {
            try await transfer.read { part in
                note(.success(part))
                return take(part)
            }
        } catch {
            note(.failure(error))
            throw error
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let body: UpstreamBody

        mutating func next() async throws -> ByteBuffer? {
            do {
                let part = try await body.transfer.next()
                if let part { body.note?(.success(part)) }
                return part
            } catch {
                body.note?(.failure(error))
                throw error
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}
