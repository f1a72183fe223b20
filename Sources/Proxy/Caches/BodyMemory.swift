import Glibc
import JSON
import Locking
import Messages

/// Tools and system prompts of earlier bodies by their bytes: what a session sends each time is read once.
///
/// A part is found by its first bytes, and taken only where all of them are the same; a hash alone proves nothing here.
final class BodyMemory: Sendable {
    /// A member of a body, as it stood there.
    final class Part: Sendable {
        let id: Int
        let text: [UInt8]
        let value: JSON
        /// Of what it says, whatever breakpoints and attribution stand in it.
        let digest: String

        init(id: Int, text: [UInt8], value: JSON, digest: String) {
            self.id = id
            self.text = text
            self.value = value
            self.digest = digest
        }

        /// Its text, its value, and what lies around both.
        var bytes: Int { 4 * text.count + 512 }
    }
    fileprivate struct State {
        /// By the hash of their first bytes.
        var buckets: [Int: [Part]] = [:]
        /// When each was used last, and where it is.
        var used: [Int: (clock: Int, bucket: Int)] = [:]
        var bytes = 0
        var clock = 0
        var lastID = 0
    }
    private let state = Mutex(State())
    private let maximumBytes: Int
    /// Parts begin alike: sub-agents offer the first tools of their parents.
    private static let probe = 64

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    var bytes: Int { state.withLock { $0.bytes } }

    func clear() { state.withLock { $0 = State(lastID: $0.lastID) } }

    fileprivate func find(_ member: BodyMember, _ rest: UnsafeBufferPointer<UInt8>) -> Part? {
        guard rest.count >= Self.probe else { return nil }
        let bucket = Self.bucket(member, rest)
        let candidates = state.withLock { $0.buckets[bucket] } ?? []
        let found = candidates.first { Self.begins(rest, with: $0.text) }
        if let found { state.withLock { $0.touch(found.id) } }
        return found
    }

    /// - Returns: nil where it is too large to be kept.
    fileprivate func add(_ member: BodyMember, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON) -> Part? {
        guard 4 * text.count + 512 <= maximumBytes else { return nil }
        let bucket = Self.bucket(member, text)
        let known = state.withLock { state -> Part? in
            let part = state.buckets[bucket]?.first { $0.text.elementsEqual(text) }
            if let part { state.touch(part.id) }
            return part
        }
        if let known { return known }
        let digest = member.digest(of: value)
        return state.withLock { state in
            state.lastID += 1
            let part = Part(id: state.lastID, text: Array(text), value: value, digest: digest)
            state.add(part, bucket, limit: maximumBytes)
            return part
        }
    }

    private static func begins(_ rest: UnsafeBufferPointer<UInt8>, with text: [UInt8]) -> Bool {
        guard text.count <= rest.count, let start = rest.baseAddress else { return false }
        return text.withUnsafeBytes { text in text.baseAddress.map { memcmp($0, start, text.count) == 0 } ?? true }
    }

    private static func bucket(_ member: BodyMember, _ text: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(member)
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<min(probe, text.count)]))
        return hasher.finalize()
    }
}

/// The members of a body that a session repeats.
enum BodyMember: String {
    case tools, system

    func digest(of value: JSON) -> String {
        var digest = ContentDigest()
        switch self {
        case .tools: digest.add(blocks: value)
        case .system: digest.add(system: value)
        }
        return digest.hex
    }
}

extension BodyMemory.State {
    private static let maximumInBucket = 16

    fileprivate mutating func touch(_ id: Int) {
        clock += 1
        used[id]?.clock = clock
    }

    fileprivate mutating func add(_ part: BodyMemory.Part, _ bucket: Int, limit: Int) {
        clock += 1
        buckets[bucket, default: []].append(part)
        used[part.id] = (clock, bucket)
        bytes += part.bytes
        if let parts = buckets[bucket], parts.count > Self.maximumInBucket { removeOldest(of: parts.map(\.id)) }
        while bytes > limit, used.count > 1 { removeOldest(of: used.keys) }
    }

    private mutating func removeOldest(of ids: some Collection<Int>) {
        guard let id = ids.min(by: { (used[$0]?.clock ?? 0) < (used[$1]?.clock ?? 0) }), let place = used.removeValue(forKey: id) else { return }
        for part in buckets[place.bucket] ?? [] where part.id == id { bytes -= part.bytes }
        buckets[place.bucket]?.removeAll { $0.id == id }
        if buckets[place.bucket]?.isEmpty == true { buckets[place.bucket] = nil }
    }
}

/// One reading of a body.
struct BodyReader: JSONMemory {
    private let memory: BodyMemory
    private var parts: [BodyMember: BodyMemory.Part?] = [:]
    /// Of what was not read again.
    private(set) var recalledBytes = 0

    init(_ memory: BodyMemory) { self.memory = memory }

    mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)? {
        guard let member = BodyMember(rawValue: key), let part = memory.find(member, rest) else { return nil }
        parts[member] = .some(part)
        recalledBytes += part.text.count
        return (part.value, part.text.count)
    }

    mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON) {
        guard let member = BodyMember(rawValue: key) else { return }
        parts[member] = .some(memory.add(member, text, value))
    }

    /// What the body's tools and system are known by; nil where one of them is not kept.
    func head(of body: JSON) -> HeadID? {
        var ids: [BodyMember: (id: Int, digest: String)] = [:]
        for member in [BodyMember.tools, .system] {
            switch (parts[member], body[member.rawValue]?.isNull ?? true) {
            case (.some(.some(let part)), false): ids[member] = (part.id, part.digest)
            case (_, true): ids[member] = (0, member.digest(of: .null))
            default: return nil
            }
        }
        guard let tools = ids[.tools], let system = ids[.system] else { return nil }
        return HeadID(tools: tools.id, system: system.id, digest: tools.digest + system.digest)
    }
}
