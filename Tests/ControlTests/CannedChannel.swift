import Control

/// A connection whose answers were written down before: each entry is what one `receive` gives.
final class CannedChannel: ByteChannel {
    enum Step { case bytes([UInt8]), timeout, failure(ControlClientError) }

    private var steps: [Step]
    private(set) var sent: [UInt8] = []

    init(_ steps: [Step]) { self.steps = steps }

    convenience init(_ portions: String...) { self.init(portions.map { .bytes(Array($0.utf8)) }) }

    var descriptor: Int32? { nil }
    var sentText: String { String(decoding: sent, as: UTF8.self) }

    func send(_ bytes: [UInt8], by deadline: Deadline?) throws(ControlClientError) { sent += bytes }

    func receive(by deadline: Deadline?) throws(ControlClientError) -> [UInt8] {
        guard !steps.isEmpty else { return [] }
        switch steps.removeFirst() {
        case .bytes(let bytes): return bytes
        case .timeout: throw ControlClientError(.timedOut, "no answer in time")
        case .failure(let error): throw error
        }
    }
}

extension ControlClient {
    init(canned channel: CannedChannel) {
        self.init(http: HTTPClient(host: "anyclaude") { (_) throws(ControlClientError) in channel })
    }
}
