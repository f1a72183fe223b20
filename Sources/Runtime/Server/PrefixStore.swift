import Crypto
import JSON
import Locking
import Messages

/// The prefixes that clients have left here, by digest; the ones used longest ago go first.
final class PrefixStore: Sendable {
    private struct State {
        var prefixes: [String: (prefix: Native.Prefix, bytes: Int, used: Int)] = [:]
        var bytes = 0
        var clock = 0
    }
    private let state = Mutex(State())
    private let maxCount: Int
    private let maxBytes: Int

    init(maxCount: Int = 256, maxBytes: Int = 64 << 20) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    func prefix(_ digest: String) -> Native.Prefix? {
        state.withLock { state in
            state.clock += 1
            state.prefixes[digest]?.used = state.clock
            return state.prefixes[digest]?.prefix
        }
    }

    var count: Int { state.withLock { $0.prefixes.count } }

    /// Keeps a prefix under its digest, which is checked.
    func insert(_ prefix: Native.Prefix, digest: String) throws(OpenAI.Failure) {
        let input = prefix.digestInput
        let actual = Self.hex(SHA256.hash(data: input))
        guard digest == actual else {
            throw .invalidRequest("the digest of this prefix is \(actual), not \(digest)", param: "digest", code: "digest_mismatch")
        }
        guard input.count <= maxBytes else {
            throw .invalidRequest("the prefix has \(input.count) bytes, the limit is \(maxBytes)", code: "prefix_too_large")
        }
        state.withLock { state in
            state.clock += 1
            if let old = state.prefixes[digest] { state.bytes -= old.bytes }
            state.prefixes[digest] = (prefix, input.count, state.clock)
            state.bytes += input.count
            while state.bytes > maxBytes || state.prefixes.count > maxCount, let oldest = state.prefixes.min(by: { $0.value.used < $1.value.used }) {
                state.prefixes[oldest.key] = nil
                state.bytes -= oldest.value.bytes
            }
        }
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
